import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Emulator } from './emulators.ts';

const run = promisify(execFile);

const ROOT = resolve(import.meta.dirname, '../../..');
const CDK = resolve(ROOT, 'node_modules/.bin/cdk');
const TIMEOUT_MS = 240_000;

/** Runs the CDK CLI against an emulator, as an operator does. @returns its output. @throws an error with the output. */
export const cdk = async ({ env }: Pick<Emulator, 'env'>, ...args: string[]): Promise<string> => {
  const options = {
    cwd: ROOT,
    env: { ...process.env, ...env, CI: 'true', NO_COLOR: '1', CDK_DISABLE_CLI_TELEMETRY: 'true' },
    timeout: TIMEOUT_MS,
  };
  const { stdout, stderr } = await run(process.execPath, [CDK, '--no-notices', '--ci', ...args], options);
  return `${stdout}\n${stderr}`;
};
