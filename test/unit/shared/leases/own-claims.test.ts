import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { RelayError } from '#shared/errors.ts';
import { writeReason } from '#shared/leases/marker.ts';
import { createFindOwnClaim } from '#shared/leases/own-claims.ts';
import { memoryRecords } from '#test/support/fakes.ts';

const keyOf = (connection: string, item: string): string =>
  `claims/${connection}/${createHash('sha256').update(item).digest('hex')}.json`;
const reason = writeReason({
  ...{ relayId: 'relay.111122223333.eu-central-1', workflow: 'sync', rule: 'fleet', run: 'fleet.7', batch: 1 },
});

it('an open lease is the own one of the relay if any connection to the vault has a claim for its item', async () => {
  const { objects, ...records } = memoryRecords();
  objects.set(keyOf('second', 'vault-account:1'), JSON.stringify({ reason, attempts: [] }));
  objects.set(keyOf('second', 'vault-account:3'), JSON.stringify({ reason: 'a reason without a marker' }));
  objects.set(keyOf('other', 'vault-account:2'), JSON.stringify({ reason }));
  const find = createFindOwnClaim(records, ['first', 'second']);
  const of = (id: string) => find({ kind: 'vault-account', id });
  expect(await of('1')).toBe('The relay itself has it open, in the run fleet.7.');
  expect(await of('2')).toBeUndefined();
  expect(await of('3')).toBe('The relay itself has it open.');
});

it('a claim that cannot be read counts as a claim', async () => {
  const find = createFindOwnClaim(
    {
      read: async () => {
        throw new RelayError('StoreUnavailable', 'S3 is down.');
      },
    },
    ['first'],
  );
  expect(await find({ kind: 'vault-account', id: '1' })).toBe("It may be the relay's own: S3 is down.");
});
