import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { ENVIRONMENT } from './environment.ts';

const CHILD = resolve(import.meta.dirname, 'children/import.mjs');

const importSchema = z.object({ importMs: z.number(), lateMs: z.number() });
type Import = z.infer<typeof importSchema>;

/** Imports a bundle in a new process, and then everything that it imports late. Returns both times. */
const importOnce = async (folder: string): Promise<Import> => {
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, folder], {
    env: { ...ENVIRONMENT, LAMBDA_TASK_ROOT: folder },
  });
  return importSchema.parse(JSON.parse(stdout));
};

type Samples = ReadonlyMap<string, readonly Import[]>;

/** Imports the bundles in turn, so that load on the machine affects all of them. */
export const sampleImports = async (folders: ReadonlyMap<string, string>, rounds: number): Promise<Samples> => {
  const samples = new Map([...folders.keys()].map((name) => [name, [] as Import[]]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, folder] of folders) samples.get(name)?.push(await importOnce(folder));
  }
  return samples;
};
