import { beforeEach, describe, expect, it } from 'vitest';
import type { Leases, LeaseTerms } from '#shared/connections/vault.ts';
import { itemKey } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';
import { claimAt } from '#shared/leases/claim-record.ts';
import { writeReason } from '#shared/leases/marker.ts';
import { MAX_INVOCATION_MS } from '#shared/workflows/step.ts';
import { BATCH_MARKER } from '#test/support/batches.ts';
import { createClaimWorld } from '#test/support/claim-world.ts';
import { itemNumbered } from '#test/support/items.ts';

const ITEM = itemNumbered(1);
const KEY = itemKey(ITEM.ref);
const OURS = writeReason(BATCH_MARKER);
const THEIRS = writeReason({ ...BATCH_MARKER, run: 'databases.2' });

let world: ReturnType<typeof createClaimWorld>;
beforeEach(() => {
  world = createClaimWorld();
});

/** Runs one process to its end. */
const inRun = async <T>(reason: string, work: (leases: Leases) => Promise<T>, user?: string): Promise<T> => {
  let result: { readonly of: T } | undefined;
  const ended = world.start(
    reason,
    async (leases) => {
      result = { of: await work(leases) };
    },
    user,
  );
  await world.settle();
  const thrown = await ended;
  if (result === undefined) throw thrown;
  return result.of;
};

const terms = (reason: string): LeaseTerms => ({ reason, changeAtEnd: false, whenHeld: 'share' });
const claim = (reason = OURS) => inRun(reason, (leases) => leases.open(ITEM, terms(reason)));
const read = (id: string) => inRun(OURS, (leases) => leases.read(id, ITEM));
const close = (id: string) => inRun(OURS, (leases) => leases.close(id, 'done'));
const recorded = async () => (await world.records.read(claimAt.item('vault', ITEM.ref)))?.record;

describe('a claim', () => {
  it('opens nothing, and is the same lease for each attempt of the run', async () => {
    const first = await claim();
    expect(await claim()).toEqual(first);
    expect([first.ours, world.holders.size]).toEqual([true, 0]);
  });

  it('is refused to any other run, with the name of its owner', async () => {
    await claim(THEIRS);
    await expect(claim()).rejects.toMatchObject({
      name: 'RequestConflict',
      message: expect.stringMatching(/claimed by sync databases\.2\..*The first run after the end of that sync/),
    });
  });

  it('holds for all users of the vault, who can be one under two names, and only its own user sees it', async () => {
    const { id } = await claim();
    const other = <T>(work: (leases: Leases) => Promise<T>) => inRun(THEIRS, work, 'bootstrap/other');
    await expect(other((leases) => leases.open(ITEM, terms(THEIRS)))).rejects.toMatchObject({
      name: 'RequestConflict',
    });
    expect(await other((leases) => leases.held())).toEqual([]);
    expect(await inRun(THEIRS, (leases) => leases.held())).toMatchObject([{ id }]);
  });

  it('is held with its reason by all runs, and read again only if it has changed', async () => {
    const { id } = await claim();
    await claim(THEIRS).catch(() => {});
    const expected = { id, items: [ITEM.ref], status: 'active', opens: 'credential', reason: OURS };
    const seen: string[] = [];
    await inRun(THEIRS, async (leases) => {
      expect(await leases.held()).toMatchObject([expected]);
      const before = world.calls();
      expect(await leases.held()).toMatchObject([expected]);
      seen.push(...world.calls().slice(before.length));
    });
    expect(seen).toEqual(['list']);
  });

  it('that cannot be read is an error of the list, or reported beside the others', async () => {
    const { key } = claimAt.item('vault', itemNumbered(2).ref);
    world.records.states.set(key, { text: '{}', version: '0' });
    const { id } = await claim();
    await expect(inRun(OURS, (leases) => leases.held())).rejects.toMatchObject({ name: 'AnswerMalformed' });
    const errors: RelayError[] = [];
    expect(await inRun(OURS, (leases) => leases.held((error) => errors.push(error)))).toMatchObject([{ id }]);
    expect(errors).toMatchObject([{ name: 'AnswerMalformed', message: expect.stringContaining(key) }]);
  });

  it('without a read is removed without a call to the vault', async () => {
    const { id } = await claim();
    await close(id);
    expect([await recorded(), world.calls().includes('check in')]).toEqual([undefined, false]);
  });

  it('is found by no id but its own', async () => {
    await expect(read('1')).rejects.toMatchObject({ name: 'ContractViolated' });
    const { id } = await claim();
    await close(id);
    await claim();
    await expect(read(id)).rejects.toMatchObject({ name: 'LeaseGone' });
    await close(id);
    expect(await recorded()).toMatchObject({ closing: false });
  });
});

describe('a read under a claim', () => {
  it('opens a lease, which one check-in ends with its claim', async () => {
    const { id } = await claim();
    expect(await read(id)).toMatchObject({ content: { secret: expect.anything() } });
    expect(await recorded()).toMatchObject({ attempts: [{ ended: 'open' }] });
    expect(world.holders.get(KEY)).toEqual({ run: BATCH_MARKER.run });
    await close(id);
    expect([await recorded(), world.holders.size]).toEqual([undefined, 0]);
    await close(id);
  });

  it('leaves no credential in the record', async () => {
    const { id } = await claim();
    await read(id);
    expect(JSON.stringify([...world.records.states])).not.toContain('value of');
  });

  it('ends the lease of an earlier read of the run first', async () => {
    const { id } = await claim();
    await read(id);
    await read(id);
    expect(world.calls().filter((call) => call === 'open' || call === 'check in')).toEqual([
      'open',
      'check in',
      'open',
    ]);
    await close(id);
    expect([await recorded(), world.holders.size]).toEqual([undefined, 0]);
  });

  it('of an item that a person has is refused, and can be tried again', async () => {
    world.holders.set(KEY, 'person');
    const { id } = await claim();
    await expect(read(id)).rejects.toMatchObject({ name: 'RequestConflict' });
    expect(await recorded()).toMatchObject({ attempts: [{ ended: 'refused' }] });
    world.holders.delete(KEY);
    await read(id);
    expect(await recorded()).toMatchObject({ attempts: [{ ended: 'open' }] });
  });

  it('that a person prevented leaves nothing to check in', async () => {
    world.holders.set(KEY, 'person');
    const { id } = await claim();
    await read(id).catch(() => {});
    await close(id);
    expect([await recorded(), world.holders.get(KEY)]).toEqual([undefined, 'person']);
  });
});

describe('a read that does not answer', () => {
  /** Begins a read, and makes all of its calls before the one that opens. */
  const freeze = async (id: string): Promise<readonly [Promise<unknown>]> => {
    const frozen = world.start(OURS, (leases) => leases.read(id, ITEM));
    while (!world.waitsFor('open')) await world.step(0);
    return [frozen];
  };

  it('keeps its claim, which refuses reads and claims, until its function can no longer run', async () => {
    const { id } = await claim();
    const [frozen] = await freeze(id);
    await world.step(0, 1, 'lost');
    await world.settle();
    expect(await frozen).toMatchObject({ mayHaveHappened: true });
    await close(id);
    expect([await recorded(), world.holders.size]).toMatchObject([{ closing: true }, 0]);
    await expect(read(id)).rejects.toMatchObject({ name: 'LeaseGone' });
    await expect(claim(THEIRS)).rejects.toMatchObject({
      name: 'RequestConflict',
      message: expect.stringContaining('It is being checked in.'),
    });
    world.advance(MAX_INVOCATION_MS);
    await close(id);
    expect(await recorded()).toBeUndefined();
  });

  it('and opens after the check-in is checked in by its own function', async () => {
    const { id } = await claim();
    const [frozen] = await freeze(id);
    // The process of the check-in makes its calls before the frozen one.
    const closing = world.start(OURS, (leases) => leases.close(id, 'done'));
    await world.step(1, 10);
    await closing;
    await world.settle();
    expect(await frozen).toMatchObject({ name: 'LeaseGone' });
    expect([await recorded(), world.holders.size]).toMatchObject([{ attempts: [{ ended: 'closed' }] }, 0]);
    await close(id);
    expect(await recorded()).toBeUndefined();
  });
});

describe('a check-in', () => {
  it('that may still be on its way keeps the claim for that time', async () => {
    const { id } = await claim();
    await read(id);
    const lost = world.start(OURS, (leases) => leases.close(id, 'done'));
    while (!world.waitsFor('check in')) await world.step(0);
    await world.step(0, 1, 'lost');
    await world.settle();
    expect(await lost).toBeInstanceOf(RelayError);
    await close(id);
    expect([await recorded(), world.holders.size]).toMatchObject([{ closing: true }, 0]);
    world.advance(MAX_INVOCATION_MS);
    await close(id);
    expect(await recorded()).toBeUndefined();
  });
});
