import type { Notify } from '#shared/aws/alerts.ts';
import type { BlueprintConfig } from '#shared/config/schema.ts';
import type { Provider } from '#shared/connections/provider.ts';
import type { ResourceTypes } from '#shared/connections/resource.ts';
import { markOf } from '#shared/domain/blueprint/mark.ts';
import type { Subject } from '#shared/domain/blueprint/subject.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import { compare, type Drift } from '#shared/provisioning/compare.ts';
import { prepareResources } from '#shared/provisioning/prepared.ts';
import { MIN_REMAINING_MS, openResources, type WorkOn } from '#shared/provisioning/resource-work.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import type { Signals } from '#shared/records/signals.ts';
import { subjectAt, subjectKeyIn } from '#shared/records/subjects.ts';
import type { StepContext } from '#shared/runtime/define-handler.ts';
import type { ExecutionsOf } from '#shared/runtime/machines.ts';
import type { Compared, DriftStepInput } from '#shared/workflows/provision.ts';

export interface DriftDependencies {
  readonly relayId: string;
  /** Raises `ConfigurationInvalid` if the deployed relay.yaml has no such entry. */
  readonly blueprintOf: (rule: string) => BlueprintConfig;
  readonly typesOf: (connection: string) => Promise<ResourceTypes>;
  readonly providerOf: (connection: string) => Promise<Provider>;
  readonly records: SharedRecords;
  readonly signals: Pick<Signals, 'list'>;
  readonly executionsOf: ExecutionsOf;
  readonly measure: (rule: string, drifted: number) => Promise<void>;
  readonly notify: Notify;
}

/** Subjects in one session. More would outlive its idle timeout if the vault is slow. */
const MAX_SUBJECTS = 200;

/** Lines that the state of an execution and a mail have room for. */
const MAX_LINES = 50;

const NOTHING: Compared = { next: 'drift', compared: 0, drifted: 0, repairing: 0, failed: 0, lines: [] };

/**
 * Compares the subjects of a blueprint with the remote system, as many as one invocation gets to, and starts a repair
 * where the blueprint says so. Only reads. A subject that cannot be compared does not stop the others. Raises
 * `LimitReached` if a limit allows not even one, so that the workflow waits. Repeatable.
 */
export const createDrift = (dependencies: DriftDependencies) => {
  const { blueprintOf, typesOf, providerOf, signals, measure, notify } = dependencies;
  return async ({ rule, run, compared = NOTHING }: DriftStepInput, context: StepContext): Promise<Compared> => {
    const blueprint = blueprintOf(rule);
    const types = await typesOf(blueprint.connection);
    const keys = (await signals.list(subjectAt.prefix(rule))).map(subjectKeyIn).toSorted();
    const { after = '' } = compared;
    const remaining = keys.filter((key) => key > after).slice(0, MAX_SUBJECTS);
    const provider = await providerOf(blueprint.connection);
    const result = await provider.session(async (session) => {
      const workOn = await openResources(session);
      let current = compared;
      for (const key of remaining) {
        if (context.remainingMs() < MIN_REMAINING_MS) break;
        const one = await lookAt({ rule, run, key }, { blueprint, types, workOn }, dependencies);
        if (one instanceof RelayError && current === compared) throw one;
        if (one instanceof RelayError) break;
        current = { ...add(current, one), after: key };
      }
      return current;
    });
    if (result.after !== undefined && keys.some((key) => key > (result.after ?? '')))
      return { ...result, next: 'drift' };
    await measure(rule, result.drifted);
    if (result.lines.length > 0) {
      await notify(`pam-relay: ${result.drifted} of ${result.compared} subjects of ${rule} differ`, result.lines);
    }
    return { ...result, next: 'end' };
  };
};

interface Look {
  readonly line?: string | undefined;
  readonly outcome: 'same' | 'drifted' | 'repairing' | 'failed' | 'skipped';
}

/** Compares one subject. Returns the error of a limit, which concerns all of them. */
const lookAt = async (
  { rule, run, key }: { readonly rule: string; readonly run: string; readonly key: string },
  at: { readonly blueprint: BlueprintConfig; readonly types: ResourceTypes; readonly workOn: WorkOn },
  { relayId, records, executionsOf }: DriftDependencies,
): Promise<Look | RelayError> => {
  const subject = (await records.read(subjectAt.key(rule, key)))?.record;
  if (subject?.state !== 'provisioned' || subject.running !== undefined) return { outcome: 'skipped' };
  try {
    const drifts = await driftsOf(subject, relayId, at);
    if (drifts.length === 0) return { outcome: 'same' };
    const settings = drifts.map(({ resource, setting }) => `${resource}.${setting}`).join(', ');
    const line = `${subject.subject}: ${settings}`;
    if (at.blueprint.drift?.repair !== true) return { outcome: 'drifted', line };
    const repair = `${rule}.${key}-${run.slice(run.indexOf('.') + 1).slice(-16)}`;
    await executionsOf('provision').start(repair, JSON.stringify({ rule, subject: subject.subject, repair: true }));
    return { outcome: 'repairing', line: `${line} (is being repaired)` };
  } catch (thrown) {
    const error = asRelayError(thrown, 'Comparing a subject');
    return error.name === 'LimitReached' ? error : { outcome: 'failed', line: `${subject.subject}: ${error.message}` };
  }
};

const driftsOf = async (
  subject: Subject,
  relayId: string,
  { blueprint, types, workOn }: Parameters<typeof lookAt>[1],
): Promise<Drift[]> => {
  const { rule, holdings, inputs = {} } = subject;
  const drifts: Drift[] = [];
  for (const resource of prepareResources(types, blueprint, inputs)) {
    const mark = markOf({ relayId, rule, subject: subject.subject, resource: resource.name });
    drifts.push(...(await compare(resource, { holdings, work: workOn(resource.typeName), mark })));
  }
  return drifts;
};

const add = (total: Compared, { outcome, line }: Look): Compared => ({
  ...total,
  compared: total.compared + (outcome === 'skipped' ? 0 : 1),
  drifted: total.drifted + (outcome === 'drifted' || outcome === 'repairing' ? 1 : 0),
  repairing: total.repairing + (outcome === 'repairing' ? 1 : 0),
  failed: total.failed + (outcome === 'failed' ? 1 : 0),
  lines: line === undefined ? total.lines : [...total.lines, line].slice(0, MAX_LINES),
});
