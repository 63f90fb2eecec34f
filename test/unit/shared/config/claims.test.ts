import { expect, it } from 'vitest';
import { problemsOf } from '#test/unit/shared/config/support.ts';

/** Two connections to one site, each with a sync. */
const configOf = (first: string, second: string) => `relay: pam
connections:
  one: { type: sra, url: https://pra.example.com, authentication: { bootstrapSecret: ${first} } }
  two: { type: sra, url: https://pra.example.com, authentication: { bootstrapSecret: ${second} } }
stores:
  aws: { type: aws-secrets-manager }
syncs:
  databases: { connection: one, source: vault-accounts, stores: [aws], name: 'a/{accountId}', schedule: { expression: rate(1 hour) } }
  servers: { connection: two, source: vault-accounts, stores: [aws], name: 'b/{accountId}', schedule: { expression: rate(1 hour) } }
`;

it('a connection for old checkouts has an API account of its own', () => {
  const configWith = (secret: string) =>
    configOf('bootstrap/one', secret).replace(
      / {2}servers: .*/,
      'oldCheckouts:\n  hygiene: { connection: two, source: vault-accounts, schedule: { expression: rate(1 hour) }, olderThanHours: 8 }',
    );
  expect(problemsOf(configWith('bootstrap/two'))).toEqual([]);
  expect(problemsOf(configWith('bootstrap/one'))).toEqual([
    expect.stringContaining('connections.two.authentication.bootstrapSecret: is that of the connection one: '),
  ]);
});

it('two connections do not check out with one API account', () => {
  expect(problemsOf(configOf('bootstrap/one', 'bootstrap/two'))).toEqual([]);
  expect(problemsOf(configOf('bootstrap/one', 'bootstrap/one'))).toEqual([
    expect.stringMatching(
      /4:\d+ connections\.two\.authentication\.bootstrapSecret: is that of the connection one: .*API account of its own/,
    ),
  ]);
});
