import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';

const CHILD = resolve(import.meta.dirname, 'children/invoke.mjs');

/**
 * Flags of a small machine. With spare memory, V8 delays garbage collection and uses more memory than it needs.
 */
export const SMALL_HEAP: readonly string[] = ['--max-old-space-size=160', '--max-semi-space-size=4'];

const sampleSchema = z.object({
  cpuMs: z.number(),
  durationMs: z.number(),
  residentMb: z.number(),
  result: z.unknown(),
});
/** Result of an invocation, and what its process has used since it began. */
export type Sample = z.infer<typeof sampleSchema>;

interface Process {
  readonly env: Readonly<Record<string, string>>;
  /** Flags of V8. */
  readonly flags?: readonly string[];
}

/** Invokes the handler of a bundle in a new process. */
export const invokeCold = async (folder: string, event: unknown, { env, flags = [] }: Process): Promise<Sample> => {
  const command = [...flags, CHILD, folder, JSON.stringify(event)];
  const { stdout } = await promisify(execFile)(process.execPath, command, { env });
  return sampleSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
};
