import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import * as z from 'zod';

const printedSchema = z.looseObject({
  passwordSafe: z.looseObject({
    url: z.string(),
    caFile: z.string(),
    clientId: z.string(),
    clientSecret: z.string(),
    apiKey: z.string(),
    runAs: z.string(),
    approver: z.object({ apiKey: z.string(), runAs: z.string(), password: z.string() }),
  }),
  pra: z.object({
    url: z.string(),
    caFile: z.string(),
    clientId: z.string(),
    clientSecret: z.string(),
    account: z.object({ id: z.int(), name: z.string() }),
  }),
  secretSafe: z.object({
    url: z.string(),
    identityUrl: z.string(),
    apiUrl: z.string(),
    caFile: z.string(),
    clientId: z.string(),
    clientSecret: z.string(),
  }),
});

/** Output of `npm run sandbox -- --json`. */
type Printed = z.infer<typeof printedSchema>;

export interface Sandbox {
  readonly printed: Printed;
  /** Interrupts it like a person, and checks that it ends without an error. */
  stop(): Promise<void>;
}

/** Starts `npm run sandbox -- --json` with further options, and reads the line that it prints. */
export const startSandbox = async (...options: readonly string[]): Promise<Sandbox> => {
  const sandbox = spawn(process.execPath, ['local/sandbox.ts', '--json', ...options], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface(sandbox.stdout)) {
    return {
      printed: printedSchema.parse(JSON.parse(line)),
      async stop() {
        const ended = once(sandbox, 'exit');
        sandbox.kill('SIGINT');
        expect(await ended).toEqual([0, null]);
      },
    };
  }
  throw new Error('The sandbox ended before it was ready.');
};

/**
 * Runs a client to its end, and checks that it succeeded and reported nothing.
 * @param env The whole environment: a client could prefer the CAs and proxies of this machine to its settings.
 * @param reports True for a client that reports its progress as it does errors.
 * @param exit Expected exit code. Default: 0.
 * @returns its standard output.
 */
export const runClient = async (
  command: string,
  args: readonly string[],
  {
    env,
    input = '',
    reports = false,
    exit = 0,
  }: {
    readonly env: Readonly<Record<string, string>>;
    readonly input?: string;
    readonly reports?: boolean;
    readonly exit?: number;
  },
): Promise<string> => {
  const client = spawn(command, args, { env, stdio: 'pipe' });
  client.stdin.end(input);
  const ended = once(client, 'close');
  const [printed, complaints, ending] = await Promise.all([text(client.stdout), text(client.stderr), ended]);
  expect([reports ? '' : complaints, ending]).toEqual(['', [exit, null]]);
  return printed;
};
