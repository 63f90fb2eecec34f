import { describe, expect, it } from 'vitest';
import type { Subject } from '#shared/domain/blueprint/subject.ts';
import { clearPending } from '#shared/provisioning/pending.ts';
import { subjectAt } from '#shared/records/subjects.ts';
import { memorySharedRecords, memorySignals } from '#test/support/fakes.ts';

const ABOUT = { rule: 'hosts', subject: 'i-1' };
const order = { position: 1, action: 'provision', inputs: {}, at: '2026-03-01T00:00:00.000Z' } as const;
const subject: Subject = {
  ...ABOUT,
  owner: { kind: 'ec2' },
  wanted: order,
  done: { position: 1, status: 'succeeded', at: order.at },
  state: 'provisioned',
  holdings: {},
};

describe('the note that a subject needs an execution', () => {
  it.each([
    ['is removed once it needs none', subject, []],
    [
      'is put back if an order arrived in between',
      { ...subject, wanted: { ...order, position: 2 } },
      [subjectAt.pending(ABOUT)],
    ],
  ])('%s', async (_what, record, notes) => {
    const records = memorySharedRecords();
    const signals = memorySignals();
    await signals.put(subjectAt.pending(ABOUT));
    await records.replace(subjectAt.record(ABOUT), record, 'absent');
    await clearPending(ABOUT, { records, signals });
    expect([...signals.keys]).toEqual(notes);
  });
});
