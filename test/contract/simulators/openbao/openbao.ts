import { beforeAll, describe, test } from 'vitest';
import { type Bench, createBench, type Server } from './bench.ts';
import { metadataRows } from './rows/metadata.ts';
import { secrets } from './rows/secrets.ts';

/** Requirements for a server, by title. */
export type Rows = Readonly<Record<string, (bench: Bench) => Promise<void>>>;

const ROWS: Rows = { ...secrets, ...metadataRows };

/** Checks that a server answers like OpenBao 2.7.2. The rows hold on the released server, call by call. */
export const describeOpenBao = (subject: string, start: () => Promise<Server>): void => {
  describe(`${subject} as OpenBao`, () => {
    let server: Server;
    beforeAll(async () => {
      server = await start();
    });
    for (const [title, check] of Object.entries(ROWS)) test(title, () => check(createBench(server)));
  });
};
