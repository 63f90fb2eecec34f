import { createApplyDirectory } from '#functions/directory/apply/apply.ts';
import { createPlanDirectory } from '#functions/directory/plan/plan.ts';
import { createReportDirectory, type DirectoryMeasured } from '#functions/directory/report/report.ts';
import { directorySchema } from '#shared/config/schema/directories.ts';
import type { Directory } from '#shared/connections/directory.ts';
import { DAY_MS } from '#shared/domain/directory/planning.ts';
import type { Records } from '#shared/records/records.ts';
import type { RemovableRecords } from '#shared/records/shared-record.ts';
import type { DirectoryReported, DirectoryStepInput } from '#shared/workflows/directory.ts';
import { memoryRecords, memorySharedRecords } from '#test/support/fakes.ts';

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
  const run = async (name: string, order: Order = {}, remainingMs = () => 900_000): Promise<DirectoryReported> => {
    const options = common();
    const input = inputOf(name, order);
    const planned = await createPlanDirectory({
      ...options,
      isRunning: async (other) => scene.running.has(other),
      readObject: async () => {
        if (scene.source instanceof Error) throw scene.source;
        return scene.source ?? '';
      },
    })(input);
    let applied: DirectoryStepInput['applied'];
    const apply = createApplyDirectory(options);
    while (planned.status === 'planned' && applied?.next !== 'report') {
      applied = await apply({ ...input, planned, applied }, { remainingMs });
    }
    return createReportDirectory({
      ...options,
      measure: async (_rule, values) => void measured.push(values),
      notify: async (subject, lines) => void notices.push([subject, ...lines].join('\n')),
    })({ ...input, planned, ...(applied && { applied }) });
  };
  return {
    ...{ scene, shared, runs, notices, measured, run, remote, inputOf },
    /** Lets days pass. */
    pass: (days: number): void => {
      scene.now += days * DAY_MS;
    },
  };
};
