import { createApplyDirectory } from '#functions/directory/apply/apply.ts';
import { createHeedMessages } from '#functions/directory/heed/heed.ts';
import { createPlanDirectory } from '#functions/directory/plan/plan.ts';
import { createReportDirectory, type DirectoryMeasured } from '#functions/directory/report/report.ts';
import { createMemberAction } from '#functions/intake/queue/members.ts';
import { directorySchema } from '#shared/config/schema/directories.ts';
import type { Directory } from '#shared/connections/directory.ts';
import { DAY_MS } from '#shared/domain/directory/planning.ts';
import type { MemberMessage } from '#shared/messages/member-messages.ts';
import type { Records } from '#shared/records/records.ts';
import type { RemovableRecords } from '#shared/records/shared-record.ts';
import type { DirectoryPlanned, DirectoryReported, DirectoryStepInput } from '#shared/workflows/directory.ts';
import { memoryRecords, memorySharedRecords } from '#test/support/fakes.ts';
import { memoryExecutions } from '#test/support/messages.ts';

/** Death of the process in a call. */
export class Died extends Error {}

export const RULE = 'people';

export interface DirectoryWorldOptions<Remote> {
  readonly remote: Remote;
  /** Settings of the rule, as in relay.yaml. */
  readonly settings: Record<string, unknown>;
  /** Called around each use of the records. */
  readonly onRecord?: (call: string, when: 'before' | 'after') => void | Promise<void>;
}

type Order = Partial<DirectoryStepInput['order']>;

/** The three steps of a run on records in memory. A step that dies is repeated, or the next run finishes. */
export const directoryWorld = <Remote extends { readonly directory: Directory }>({
  remote,
  settings,
  onRecord,
}: DirectoryWorldOptions<Remote>) => {
  const runs = memoryRecords();
  const shared = memorySharedRecords();
  const watched = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (of, name) => {
        const member: unknown = Reflect.get(of, name);
        if (typeof member !== 'function') return member;
        return async (...inputs: unknown[]) => {
          await onRecord?.(String(name), 'before');
          const result: unknown = await Reflect.apply(member, of, inputs);
          await onRecord?.(String(name), 'after');
          return result;
        };
      },
    });
  const notices: string[] = [];
  const measured: DirectoryMeasured[] = [];
  const scene = {
    now: Date.parse('2026-03-02T06:00:00Z'),
    settings,
    /** Text of the object in S3. */
    source: undefined as string | Error | undefined,
    /** Runs whose execution still exists. */
    running: new Set<string>(),
  };
  const common = () => {
    const records: RemovableRecords = watched(shared);
    const objects: Records = watched(runs);
    return {
      config: { relay: 'pam-relay', directories: { [RULE]: directorySchema.parse(scene.settings) } },
      directoryOf: async () => remote.directory,
      ...{ records, runs: objects },
      now: () => scene.now,
    };
  };
  const inputOf = (run: string, order: Order): DirectoryStepInput => ({
    ...{ workflow: 'directory', rule: RULE, run: `${RULE}.${run}` },
    order: { rule: RULE, trigger: 'schedule', ...order },
  });
  const isRunning = async (other: string): Promise<boolean> => scene.running.has(other);
  const plan = (name: string, order: Order = {}): Promise<DirectoryPlanned> =>
    createPlanDirectory({
      ...common(),
      isRunning,
      readObject: async () => {
        if (scene.source instanceof Error) throw scene.source;
        return scene.source ?? '';
      },
    })(inputOf(name, order));
  const report = (input: DirectoryStepInput): Promise<DirectoryReported> =>
    createReportDirectory({
      ...common(),
      measure: async (_rule, values) => void measured.push(values),
      notify: async (subject, lines) => void notices.push([subject, ...lines].join('\n')),
    })(input);
  /** Carries out a plan, which can be old by now. */
  const finish = async (
    name: string,
    planned: DirectoryPlanned,
    { order = {}, remainingMs = () => 900_000 }: { readonly order?: Order; readonly remainingMs?: () => number } = {},
  ): Promise<DirectoryReported> => {
    const input = inputOf(name, order);
    let applied: DirectoryStepInput['applied'];
    const apply = createApplyDirectory(common());
    while (planned.status === 'planned' && applied?.next !== 'report') {
      applied = await apply({ ...input, planned, applied }, { remainingMs });
    }
    return report({ ...input, planned, ...(applied && { applied }) });
  };
  const run = async (name: string, order: Order = {}, remainingMs = () => 900_000): Promise<DirectoryReported> =>
    finish(name, await plan(name, order), { order, remainingMs });
  /** A run over messages, as the machine makes it: it waits and goes on until nothing is left to do now. */
  const heed = async (name: string): Promise<DirectoryReported | undefined> => {
    const input = inputOf(name, { trigger: 'message' });
    const step = createHeedMessages({ ...common(), journal: common().runs, isRunning });
    let heeded = await step(input, { remainingMs: () => 900_000 });
    while (heeded.next === 'wait' || heeded.next === 'heed') {
      if (heeded.next === 'wait') scene.now += 10_000;
      heeded = await step({ ...input, heeded }, { remainingMs: () => 900_000 });
    }
    return heeded.next === 'end' ? undefined : report({ ...input, heeded });
  };
  const executions = memoryExecutions();
  /** Handles a message of the queue. */
  const send = (message: MemberMessage, sender = 'AROA1234567890PEOPLE'): Promise<void> =>
    createMemberAction({
      rules: common().config,
      sharedRecords: shared,
      executionsOf: () => executions,
      now: () => scene.now,
    })(message, { kind: 'aws', id: sender });
  return {
    ...{ scene, shared, runs, notices, measured, run, plan, finish, heed, send, executions, remote, inputOf },
    /** Lets days pass. */
    pass: (days: number): void => {
      scene.now += days * DAY_MS;
    },
  };
};
