import { afterAll, beforeAll, describe, test } from 'vitest';
import { type Issuer, startIssuer } from '#local/aws/sts/issuer.ts';
import { type Bench, createBench, type Server } from './bench.ts';
import { access, sealed } from './rows/access.ts';
import { metadataRows } from './rows/metadata.ts';
import { secrets } from './rows/secrets.ts';
import { signIn } from './rows/sign-in.ts';

/** Requirements for a server, by title. */
export type Rows = Readonly<Record<string, (bench: Bench) => Promise<void>>>;

/** The server is of no use after the last row. */
const ROWS: Rows = { ...secrets, ...metadataRows, ...access, ...signIn, ...sealed };

/** Checks that a server answers like OpenBao 2.7.2. The rows hold on the released server, call by call. */
export const describeOpenBao = (subject: string, start: () => Promise<Server>): void => {
  describe(`${subject} as OpenBao`, () => {
    let server: Server;
    let issuer: Issuer;
    beforeAll(async () => {
      server = await start();
      issuer = await startIssuer();
    });
    afterAll(() => issuer.close());
    for (const [title, check] of Object.entries(ROWS)) test(title, () => check(createBench(server, issuer)));
  });
};
