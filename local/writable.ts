import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from './arguments.ts';

/**
 * Checks that files can be written to a folder of the project, and creates it. Makes a folder in it and removes that,
 * because the permissions of a folder do not show a file system that is read-only.
 * @throws UsageError with the commands that copy the project to a place that can be written.
 */
export const requireWritable = (folder: string): void => {
  try {
    mkdirSync(folder, { recursive: true });
    rmdirSync(mkdtempSync(join(folder, '.writable-')));
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown error';
    const project = dirname(folder);
    throw new UsageError(
      `${folder} can't be written (${code}), but bundles, logs and results are kept there. Make it writable, or run a ` +
        `copy of the project: cp -r ${project} ~/pam-relay && cd ~/pam-relay && npm start`,
    );
  }
};
