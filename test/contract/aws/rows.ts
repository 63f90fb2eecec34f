import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** What each row works with: a client, and a name that nothing else uses. */
export interface Bench<Client> {
  readonly client: Client;
  readonly name: string;
}

/** What a server has to do, by its title. */
export type Rows<Client> = Readonly<Record<string, (bench: Bench<Client>) => Promise<void>>>;

/** Why a server is known to get a row wrong, by the row's title. */
export type KnownWrong = Readonly<Record<string, string>>;

export interface SuiteOptions {
  /** These rows have to fail: a server that was repaired is noticed, and so is an excuse for no row at all. */
  readonly knownWrong?: KnownWrong;
}

interface Suite<Client> extends SuiteOptions {
  readonly rows: Rows<Client>;
  readonly connect: () => Promise<Client>;
  /** What the names of a row's things begin with. */
  readonly prefix: string;
}

/** Holds a server against what AWS documents, through the SDK. */
export const describeRows = <Client extends { destroy(): void }>(subject: string, suite: Suite<Client>): void => {
  const { rows, connect, prefix, knownWrong = {} } = suite;
  describe(subject, () => {
    let client: Client;
    beforeAll(async () => {
      client = await connect();
    });
    afterAll(() => client.destroy());

    for (const [title, check] of Object.entries(rows)) {
      const run = title in knownWrong ? test.fails : test;
      run(title, () => check({ client, name: prefix + randomUUID() }));
    }
    test('is excused for rows that there are, and not for all', () => {
      const excused = Object.keys(knownWrong);
      expect(Object.keys(rows)).toEqual(expect.arrayContaining(excused));
      expect(excused.length).toBeLessThan(Object.keys(rows).length);
    });
  });
};
