import { describe, expect, it } from 'vitest';
import { createRotationActions } from '#functions/intake/queue/rotations.ts';
import { messageSchema } from '#shared/messages/messages.ts';
import type { RotationResumed, RotationStopped } from '#shared/messages/rotation-messages.ts';
import { rotationAt } from '#shared/records/rotation-record.ts';
import { memorySharedRecords } from '#test/support/fakes.ts';
import { memoryExecutions } from '#test/support/messages.ts';

const NOON = Date.parse('2026-03-01T12:00:00Z');
const ALICE = { kind: 'aws', id: 'AROA1234567890ALICE' } as const;
const BOB = { kind: 'aws', id: 'AROA1234567890BOBBY' } as const;

const aScene = () => {
  const sharedRecords = memorySharedRecords();
  const executions = memoryExecutions();
  return {
    executions,
    ...createRotationActions({ executionsOf: () => executions, sharedRecords }),
    stoppedAt: async () => (await sharedRecords.read(rotationAt.stop('weekly')))?.record.at,
  };
};
const stopped: RotationStopped = { type: 'rotation.stopped', rotation: 'weekly', id: 'INC1' };
const resumed: RotationResumed = {
  type: 'rotation.resumed',
  rotation: 'weekly',
  id: 'INC1',
  acceptFailures: true,
  retry: [{ systemName: 'db-1', accountName: 'a1' }],
};

describe('a message that stops a rotation', () => {
  it('has the time at which it was first sent, in whatever order messages arrive', async () => {
    const scene = aScene();
    await scene.stop(stopped, ALICE, NOON);
    await scene.stop({ ...stopped, id: 'INC2' }, ALICE, NOON - 1000);
    expect(await scene.stoppedAt()).toBe(NOON);
    await scene.stop(stopped, ALICE, NOON + 60_000);
    expect(await scene.stoppedAt()).toBe(NOON);
  });

  it('has an id of its own sender', async () => {
    const scene = aScene();
    await scene.stop(stopped, ALICE, NOON);
    await scene.stop(stopped, BOB, NOON + 60_000);
    expect(await scene.stoppedAt()).toBe(NOON + 60_000);
  });
});

describe('a message that resumes a rotation', () => {
  it('starts one execution with its wishes, however often it arrives', async () => {
    const scene = aScene();
    await scene.resume(resumed, ALICE);
    await scene.resume(resumed, ALICE);
    expect([...scene.executions.started.keys()]).toEqual([expect.stringMatching(/^weekly\.resumed-[0-9a-f]{24}$/)]);
    const { acceptFailures, retry } = resumed;
    const requestedBy = { id: 'INC1', sender: ALICE.id };
    const order = { rule: 'weekly', trigger: 'message', requestedBy, resume: { acceptFailures, retry } };
    expect([...scene.executions.started.values()].map((input) => JSON.parse(String(input)))).toEqual([order]);
    await scene.resume(resumed, BOB);
    expect(scene.executions.started.size).toBe(2);
  });

  it('accepts and retries nothing unless it says so', () => {
    expect(messageSchema.parse({ type: 'rotation.resumed', rotation: 'weekly', id: 'INC1' })).toMatchObject({
      acceptFailures: false,
      retry: [],
    });
  });
});
