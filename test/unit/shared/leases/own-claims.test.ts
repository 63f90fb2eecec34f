import { expect, it } from 'vitest';
import { RelayError } from '#shared/errors.ts';
import { type Claim, claimAt } from '#shared/leases/claim-record.ts';
import { writeReason } from '#shared/leases/marker.ts';
import { createOwnClaims } from '#shared/leases/own-claims.ts';
import { ABSENT } from '#shared/records/shared-record.ts';
import { MAX_INVOCATION_MS } from '#shared/workflows/step.ts';
import { memorySharedRecords } from '#test/support/fakes.ts';

const START = Date.parse('2026-03-01T12:00:00.000Z');
const reason = writeReason({
  ...{ relayId: 'relay.111122223333.eu-central-1', workflow: 'sync', rule: 'fleet', run: 'fleet.7', batch: 1 },
});
const itemOf = (id: string) => ({ ref: { kind: 'vault-account', id }, title: id, labels: {} });

const world = () => {
  const records = memorySharedRecords();
  const clock = { now: START };
  let ids = 0;
  const own = createOwnClaims({
    ...{ site: 'vault', user: 'bootstrap/hygiene', records },
    ...{ newId: () => `id-${++ids}`, now: () => clock.now },
  });
  const claim = (site: string, id: string, text = reason) => {
    const written: Claim = {
      ...{ id: 'first', item: itemOf(id), user: 'bootstrap/vault', reason: text },
      ...{ claimedAt: new Date(START).toISOString(), attempts: [], checkIns: [], closing: false },
    };
    return records.replace(claimAt.item(site, written.item.ref), written, ABSENT);
  };
  return { records, clock, own, claim };
};

it('an open lease is the own one of the relay if the vault has a claim for its item', async () => {
  const { own, claim } = world();
  await claim('vault', '1');
  await claim('vault', '3', 'a reason without a marker');
  await claim('other', '2');
  const of = (id: string) => own.find(itemOf(id).ref);
  expect(await of('1')).toBe('The relay itself has it open, in the run fleet.7.');
  expect(await own.hold(itemOf('1'))).toBe(await of('1'));
  expect(await of('2')).toBeUndefined();
  expect(await of('3')).toBe('The relay itself has it open.');
});

it('a hold keeps others away until it is released, or has ended', async () => {
  const { own, clock, records } = world();
  const hold = await own.hold(itemOf('1'));
  if (typeof hold === 'string') throw new Error(hold);
  expect(await own.hold(itemOf('1'))).toBe('Another rule of the relay is ending it.');
  clock.now += MAX_INVOCATION_MS;
  expect(await own.find(itemOf('1').ref)).toBeUndefined();
  const later = await own.hold(itemOf('1'));
  await hold.release();
  expect([typeof later, records.states.size]).toEqual(['object', 1]);
  if (typeof later !== 'string') await later.release();
  expect(records.states.size).toBe(0);
});

it('a claim that cannot be read counts as a claim', async () => {
  const { own, records } = world();
  Object.assign(records, { read: () => Promise.reject(new RelayError('StoreUnavailable', 'S3 is down.')) });
  const expected = "It may be the relay's own: S3 is down.";
  expect([await own.find(itemOf('1').ref), await own.hold(itemOf('1'))]).toEqual([expected, expected]);
});
