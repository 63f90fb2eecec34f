import { expect, it } from 'vitest';
import { RelayError } from '#shared/errors.ts';
import { type Claim, claimAt } from '#shared/leases/claim-record.ts';
import { writeReason } from '#shared/leases/marker.ts';
import { createFindOwnClaim } from '#shared/leases/own-claims.ts';
import { memoryRecords } from '#test/support/fakes.ts';

const reason = writeReason({
  ...{ relayId: 'relay.111122223333.eu-central-1', workflow: 'sync', rule: 'fleet', run: 'fleet.7', batch: 1 },
});

it('an open lease is the own one of the relay if the vault has a claim for its item', async () => {
  const records = memoryRecords();
  const claim = (site: string, id: string, text = reason) => {
    const ref = { kind: 'vault-account', id };
    const written: Claim = {
      ...{ id: 'first', item: { ref, title: id, labels: {} }, user: 'bootstrap/vault', reason: text },
      claimedAt: '2026-03-01T12:00:00.000Z',
      ...{ attempts: [], checkIns: [], closing: false },
    };
    return records.write(claimAt.item(site, ref), written);
  };
  await claim('vault', '1');
  await claim('vault', '3', 'a reason without a marker');
  await claim('other', '2');
  const find = createFindOwnClaim(records, 'vault');
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
    'vault',
  );
  expect(await find({ kind: 'vault-account', id: '1' })).toBe("It may be the relay's own: S3 is down.");
});
