import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MemberStatus, MemberType } from '#shared/connections/directory.ts';
import { decideEvent } from '#shared/domain/directory/decide-event.ts';
import {
  acceptEvent,
  groupKeyOf,
  isJoin,
  type MemberEvent,
  type MemberEventRecord,
} from '#shared/domain/directory/member-events.ts';
import { messageWindowAt } from '#shared/domain/directory/message-window.ts';
import { aMember } from '#test/support/fake-directory.ts';

const NOW = Date.parse('2026-03-02T06:00:00Z');
const EMAIL = 'dee@example.com';
const SAID = ['joined', 'left', 'moved'] as const;

const events = fc.record({
  said: fc.constantFrom(...SAID),
  groups: fc.subarray(['staff', 'lab', 'vip']),
  sender: fc.constantFrom('AROAONE', 'AROATWO'),
  position: fc.nat(4),
});

/** Two messages of the same sender or of two, the state of the first one, and what counts. */
const PAIRS = [
  ...SAID.flatMap((first) => SAID.map((then) => [first, 'done', then, 'the later one'] as const)),
  ['left', 'owed', 'left', 'the later one'],
  ['left', 'owed', 'joined', 'the later one'],
  ['left', 'owed', 'moved', 'the leaver'],
  ['joined', 'owed', 'left', 'the later one'],
  ['joined', 'owed', 'joined', 'the later one'],
  ['joined', 'owed', 'moved', 'both'],
  ['moved', 'owed', 'left', 'the later one'],
  ['moved', 'owed', 'joined', 'the later one'],
  ['moved', 'owed', 'moved', 'the later one'],
] as const;

const take = (known: MemberEventRecord | undefined, event: Omit<MemberEvent, 'at'>): MemberEventRecord | undefined =>
  acceptEvent(known, EMAIL, { ...event, at: new Date(NOW).toISOString() }).next ?? known;

/** Carries out each event before the next one arrives. */
const takeAndDo = (
  known: MemberEventRecord | undefined,
  event: Omit<MemberEvent, 'at'>,
): MemberEventRecord | undefined => {
  const next = take(known, event);
  return next === undefined || next === known ? next : { ...next, status: 'done' };
};

describe('the order of messages about a person', () => {
  it('of each sender, only the event with the highest position counts, in any order and however often', () => {
    fc.assert(
      fc.property(fc.array(events, { minLength: 1, maxLength: 12 }), (sent) => {
        const one = sent.map((event) => ({ ...event, sender: 'AROAONE' }));
        const known = one.reduce<MemberEventRecord | undefined>(takeAndDo, undefined);
        const highest = Math.max(...one.map(({ position }) => position));
        expect(known?.event.position).toBe(highest);
        expect(known?.event.said).toBe(one.find(({ position }) => position === highest)?.said);
        expect([...one, ...one].reduce<MemberEventRecord | undefined>(takeAndDo, known)).toBe(known);
      }),
    );
  });

  it('no sender can keep a message of another one from counting', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 12 }), (sent) => {
        const theirs = sent.map((event) => ({ ...event, sender: 'AROATWO' }));
        const known = theirs.reduce<MemberEventRecord | undefined>(take, undefined);
        const next = take(known, { said: 'left', groups: [], sender: 'AROAONE', position: 0 });
        expect(next).toMatchObject({ event: { said: 'left', sender: 'AROAONE' }, status: 'owed' });
      }),
    );
  });

  it.each(PAIRS)('%s %s, then %s: %s', (first, status, then, counts) => {
    for (const sender of ['AROAONE', 'AROATWO']) {
      const before = take(undefined, { said: first, groups: ['staff'], sender: 'AROAONE', position: 1 });
      const known: MemberEventRecord | undefined = before && { ...before, status };
      const event = { said: then, groups: ['lab'], sender, position: 2 };
      const after = take(known, event);
      const { said, groups, joins } = after?.event ?? {};
      expect({ said, groups, joins, status: after?.status }).toEqual({
        ...{ said: counts === 'the leaver' ? first : then, groups: [counts === 'the leaver' ? 'staff' : 'lab'] },
        joins: counts === 'both' ? true : undefined,
        status: 'owed',
      });
      expect(take(after, event)).toBe(after);
    }
  });

  it('a leaver that is owed is lost to a joiner alone, a joiner to a leaver alone, and no repetition is a conflict', () => {
    fc.assert(
      fc.property(fc.array(events, { minLength: 1, maxLength: 12 }), (sent) => {
        let known: MemberEventRecord | undefined;
        let presence: MemberEvent['said'] | undefined;
        for (const { said, ...event } of sent) {
          const arrived = { ...event, said, at: new Date(NOW).toISOString() };
          const { acceptance, next } = acceptEvent(known, EMAIL, arrived);
          known = next ?? known;
          if (acceptance !== 'accepted') continue;
          if (said !== 'moved') presence = said;
          expect(['repeated', 'older']).toContain(acceptEvent(known, EMAIL, arrived).acceptance);
          expect(known?.event.said === 'left').toBe(presence === 'left');
          expect(known !== undefined && isJoin(known.event)).toBe(presence === 'joined');
        }
      }),
    );
  });
});

describe('what an event changes', () => {
  const subjects = fc.record({
    event: events,
    type: fc.constantFrom<MemberType>('owner', 'admin', 'user', 'manager', 'custom'),
    status: fc.constantFrom<MemberStatus>('revoked', 'invited', 'accepted', 'confirmed'),
    isThere: fc.boolean(),
    isOwned: fc.boolean(),
    isComplete: fc.boolean(),
    leaving: fc.constantFrom('none', 'ours', 'elsewhere'),
    freeSeats: fc.constantFrom(undefined, 0, 3),
    groupsOf: fc.subarray(['g-staff', 'g-lab', 'g-other']),
  });

  it('touches no owner, administrator or stranger, no member after an incomplete list, and gives neither type nor access', () => {
    fc.assert(
      fc.property(subjects, ({ event, type, status, isThere, isOwned, isComplete, leaving, freeSeats, groupsOf }) => {
        const at = new Date(NOW).toISOString();
        const decision = decideEvent({
          ...{ relay: 'pam-relay', rule: 'people', email: EMAIL, freeSeats, groupsOf, marks: true },
          ...{ now: NOW, listedAt: NOW },
          event: { ...event, groups: event.groups.map(groupKeyOf), at },
          members: { rows: isThere ? [aMember('dee', { type, status })] : [], rejected: isComplete ? [] : ['x: type'] },
          ownership: { writes: 1, members: isOwned ? ['dee'] : [], groups: {}, leavingGroups: [] },
          person:
            leaving !== 'none'
              ? {
                  ...{ writes: 1, email: EMAIL },
                  leaving: {
                    id: 'dee',
                    by: 'source',
                    since: at,
                    groups: ['g-lab'],
                    access: [],
                    ...(leaving === 'elsewhere' && { wasRevoked: true as const }),
                  },
                }
              : undefined,
          groups: new Map([
            ['staff', 'g-staff'],
            ['lab', 'g-lab'],
          ]),
          declaredGroups: ['staff', 'lab'],
        });
        const steps = 'steps' in decision ? decision.steps : [];
        const changes = steps.filter(({ kind }) => kind !== 'heed');
        const isPrivileged = type === 'owner' || type === 'admin';
        if (isThere && (isPrivileged || !isOwned)) expect(steps).toEqual([]);
        if (!isThere && !isComplete) expect(steps).toEqual([]);
        // The end of a removal, which restores nothing.
        const isElsewhere = status === 'revoked' && leaving === 'elsewhere';
        if (isElsewhere && decision.kind === 'steps') expect(changes.map(({ kind }) => kind)).not.toContain('restore');
        if (decision.kind === 'refused' && !isElsewhere) expect(changes).toEqual([]);
        if (event.groups.includes('vip')) expect(decision.kind).toBe('refused');
        // What is carried out counts more than the source first.
        if (changes.length > 0) expect(steps[0]?.kind).toBe('heed');
        for (const step of changes) {
          if (step.kind === 'invite') expect(step).toMatchObject({ type: 'user', access: [] });
          else expect(['revoke', 'restore', 'change-groups']).toContain(step.kind);
          if (step.kind === 'revoke') expect(decision).toMatchObject({ removes: 'dee' });
        }
        const isRevoke = changes.some(({ kind }) => kind === 'revoke');
        expect(isRevoke).toBe(
          isThere && isOwned && !isPrivileged && event.said === 'left' && event.groups.every((name) => name !== 'vip'),
        );
      }),
    );
  });
});

it('messages of the same three seconds share a run, which begins when they are over', () => {
  fc.assert(
    fc.property(fc.nat(3_600_000), (after) => {
      const { run, waitSeconds } = messageWindowAt('people', NOW + after);
      const begins = NOW + after + waitSeconds * 1000;
      expect(messageWindowAt('people', begins).run).not.toBe(run);
      expect(waitSeconds).toBeLessThanOrEqual(4);
    }),
  );
});
