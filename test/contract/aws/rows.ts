import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** Fixture of a row: a client, and a name that nothing else uses. */
export interface Bench<Client> {
  readonly client: Client;
  readonly name: string;
}

/** Requirements for a server, by title. */
export type Rows<Client> = Readonly<Record<string, (bench: Bench<Client>) => Promise<void>>>;

/** Known failures of a server: the reason, by the title of the row. */
export type KnownWrong = Readonly<Record<string, string>>;

export interface SuiteOptions {
  /** Rows that must fail. The suite detects a repaired server, and an entry without a row. */
  readonly knownDeviations?: KnownWrong;
}

interface Suite<Client> extends SuiteOptions {
  readonly rows: Rows<Client>;
  readonly connect: () => Promise<Client>;
  /** Prefix of the names that a row creates. */
  readonly prefix: string;
}

/** Checks a server against the AWS documentation, through the SDK. */
export const describeRows = <Client extends { destroy(): void }>(subject: string, suite: Suite<Client>): void => {
  const { rows, connect, prefix, knownDeviations = {} } = suite;
  describe(subject, () => {
    let client: Client;
    beforeAll(async () => {
      client = await connect();
    });
    afterAll(() => client.destroy());

    for (const [title, check] of Object.entries(rows)) {
      const run = title in knownDeviations ? test.fails : test;
      run(title, () => check({ client, name: prefix + randomUUID() }));
    }
    test('has known failures in existing rows only, and not in all of them', () => {
      const excused = Object.keys(knownDeviations);
      expect(Object.keys(rows)).toEqual(expect.arrayContaining(excused));
      expect(excused.length).toBeLessThan(Object.keys(rows).length);
    });
  });
};
