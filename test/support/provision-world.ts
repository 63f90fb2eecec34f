import { createApply } from '#functions/provision/apply/apply.ts';
import { createDrift } from '#functions/provision/drift/drift.ts';
import { createPlanProvision } from '#functions/provision/plan/plan.ts';
import { createReportProvision } from '#functions/provision/report/report.ts';
import { createSweep } from '#functions/provision/sweep/sweep.ts';
import { blueprintSchema } from '#shared/config/schema/provisioning.ts';
import type { BlueprintConfig } from '#shared/config/schema.ts';
import type { Resources, ResourceTypes, ResourceWork } from '#shared/connections/resource.ts';
import type { Vault, VaultSession } from '#shared/connections/vault.ts';
import type { Subject, SubjectOrder } from '#shared/domain/blueprint/subject.ts';
import { RelayError } from '#shared/errors.ts';
import { mayStillAct } from '#shared/provisioning/may-still-act.ts';
import { createStartSubject } from '#shared/provisioning/start-subject.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import { subjectAt } from '#shared/records/subjects.ts';
import { Secret } from '#shared/secret.ts';
import { memorySharedRecords, memorySignals } from '#test/support/fakes.ts';
import { createProvisionPass, STEP_CONTEXT, Stopped } from '#test/support/provision-pass.ts';
import { type Around, createRemote, REMOTE_TYPES } from '#test/support/provision-remote.ts';

const RULE = 'hosts';
/** Functions that may work with the remote system at once. */
const MAX_AT_ONCE = 4;
const OWNER = { kind: 'aws', id: 'AROASENDER' } as const;

/** A host, an account, a rule and a grant, of which each refers to the one before. */
export const BLUEPRINT = {
  connection: 'admin',
  inputs: { host: {}, note: { default: 'none' } },
  resources: {
    host: { type: 'host', name: '{host}', note: '{note}' },
    root: { type: 'account', host: 'host', name: 'root', password: { from: 'relay' } },
    owners: { type: 'rule', accounts: ['root'], name: 'owners of {host}' },
    read: { type: 'grant', rule: 'owners', level: 'read' },
  },
};

/** Failure of one call, before or after its effect. */
export type Break = 'stop before' | 'stop after' | 'fail before' | 'lose answer' | 'garble' | 'refuse' | 'limit';

interface Execution {
  readonly input: string;
  endedAt: number | undefined;
  status: 'running' | 'succeeded' | 'failed' | 'stopped';
}

/** A remote system instead of the one in memory. */
export interface ProvisionedSystem {
  readonly types: ResourceTypes;
  readonly resources: Resources;
}

/** Work whose every method can be broken. */
const interrupted = (work: ResourceWork | undefined, type: string, around: Around): ResourceWork | undefined =>
  work &&
  new Proxy(work, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (...all: unknown[]) => around(`${String(name)} ${type}`, async () => method.apply(target, all));
    },
  });

/** All steps of provisioning in this process, against a remote system in memory. */
export const createProvisionWorld = (blueprint: object = BLUEPRINT, system?: ProvisionedSystem) => {
  const parsed: BlueprintConfig = blueprintSchema.parse(blueprint);
  const records = memorySharedRecords();
  const signals = memorySignals();
  const executions = new Map<string, Execution>();
  const queue: string[] = [];
  const notices: string[] = [];
  const opened = new Set<string>();
  const plan: { calls: number; isBroken: (index: number, call: string) => boolean; with: Break } = {
    calls: 0,
    isBroken: () => false,
    with: 'stop before',
  };
  let interruption: { readonly at: number; readonly run: () => Promise<void> } | undefined;
  let clock = Date.parse('2026-03-01T00:00:00Z');
  const now = () => clock;

  /** Counts a call, and breaks it if it is the chosen one. */
  const around = async <Answer>(call: string, effect: () => Promise<Answer>): Promise<Answer> => {
    const index = plan.calls++;
    if (interruption?.at === index) {
      const { run } = interruption;
      interruption = undefined;
      await run();
    }
    if (!plan.isBroken(index, call)) return effect();
    switch (plan.with) {
      case 'stop before':
        throw new Stopped(call);
      case 'stop after':
        await effect();
        throw new Stopped(call);
      case 'fail before':
        throw new RelayError('VaultUnavailable', `${call} failed`);
      case 'lose answer':
        await effect();
        throw new RelayError('VaultUnavailable', `${call} lost its answer`, { mayHaveHappened: true });
      case 'garble':
        await effect();
        throw new RelayError('AnswerMalformed', `${call} has an unknown answer`, { mayHaveHappened: true });
      case 'limit':
        throw new RelayError('LimitReached', `${call} has to wait`);
      case 'refuse':
        throw new RelayError('RequestRejected', `${call} was refused`);
    }
  };

  const remote = createRemote(around);
  const crashable: SharedRecords = {
    read: (place) => around(`read ${place.key}`, () => records.read(place)),
    replace: (place, record, expected) => around(`write ${place.key}`, () => records.replace(place, record, expected)),
  };
  const executionsOf = () => ({
    async start(name: string, input: string) {
      if (executions.has(name)) return false;
      executions.set(name, { input, endedAt: undefined, status: 'running' });
      queue.push(name);
      return true;
    },
    async find(name: string) {
      const found = executions.get(name);
      return found && { input: found.input, endedAt: found.endedAt };
    },
  });
  const session: VaultSession = {
    ...(system === undefined
      ? remote.session
      : { resources: async () => (type) => interrupted(system.resources(type), type, around) }),
    list: () => {
      throw new Error('not used');
    },
    find: () => Promise.reject(new Error('not used')),
    access: () => {
      throw new Error('not used');
    },
  };
  const vault: Vault = {
    ensureSignIn: async () => ({ expiresAt: null }),
    session: (work) => work(session),
    rules: () => {
      throw new Error('not used');
    },
  };

  const start = createStartSubject({ sharedRecords: records, signals, executionsOf });
  const common = {
    relayId: 'relay.000000000000.eu-central-1',
    blueprintOf: () => parsed,
    typesOf: async () => system?.types ?? REMOTE_TYPES,
    providerOf: async (connection: string) => {
      opened.add(connection);
      return vault;
    },
    records: crashable,
    now,
  };
  const steps = {
    plan: createPlanProvision({
      records: crashable,
      signals,
      isRunning: async (run) => mayStillAct(executions.get(run), now()),
      now,
    }),
    apply: createApply({ ...common, inFlightOf: () => MAX_AT_ONCE, readPassword: async () => new Secret('canary') }),
    report: createReportProvision({
      records: crashable,
      signals,
      measure: async () => {},
      notify: async (subject, lines) => void notices.push([subject, ...lines].join('\n')),
      now,
    }),
  };
  const sweep = createSweep({
    provisioning: { [RULE]: parsed },
    records,
    signals,
    executionsOf,
    measure: async () => {},
    now,
  });
  const drift = createDrift({
    ...common,
    records,
    // In the bucket, a record and its listed key are one object.
    signals: { list: async (prefix) => [...records.states.keys()].filter((key) => key.startsWith(prefix)) },
    executionsOf,
    measure: async () => {},
    notify: async (subject, lines) => void notices.push([subject, ...lines].join('\n')),
  });
  const pass = createProvisionPass({
    rule: RULE,
    steps,
    onWait: (seconds) => {
      clock += seconds * 1000;
    },
  });

  const execute = async (name: string): Promise<void> => {
    const execution = executions.get(name);
    if (execution === undefined) return;
    const end = (status: Execution['status']) => {
      execution.status = status;
      execution.endedAt = clock;
    };
    try {
      for (;;) {
        const result = await pass(name, execution.input);
        if (result !== 'again') return end(result);
      }
    } catch (error) {
      if (!(error instanceof Stopped)) return end('failed');
      end('stopped');
    }
  };
  const drain = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) await execute(name);
  };

  return {
    remote,
    notices,
    /** Connections that a step has signed in to. */
    opened,
    records,
    signals,
    executions,
    now,
    calls: () => plan.calls,
    advance: (ms: number) => {
      clock += ms;
    },
    /** Breaks one call from now on, by its number. */
    breakAt(index: number, how: Break) {
      plan.calls = 0;
      plan.isBroken = (at) => at === index;
      plan.with = how;
    },
    /** Breaks every such call from now on. */
    breakEach(call: RegExp, how: Break) {
      plan.isBroken = (_, made) => call.test(made);
      plan.with = how;
    },
    /** Does something before one call, by its number from now on. */
    interruptAt(index: number, run: () => Promise<void>) {
      plan.calls = 0;
      interruption = { at: index, run };
    },
    heal: () => {
      plan.isBroken = () => false;
    },
    send: (
      subject: string,
      order: Pick<SubjectOrder, 'position' | 'action'> & Partial<SubjectOrder>,
      owner: Subject['owner'] = OWNER,
    ) => start({ rule: RULE, subject, owner }, { inputs: {}, at: new Date(clock).toISOString(), ...order }),
    drain,
    sweep,
    compare: () =>
      drift({ workflow: 'provision', rule: RULE, run: `${RULE}.drift-${clock}`, compared: undefined }, STEP_CONTEXT),
    subject: async (subject: string): Promise<Subject | undefined> =>
      (await records.read(subjectAt.record({ rule: RULE, subject })))?.record,
  };
};
export type ProvisionWorld = ReturnType<typeof createProvisionWorld>;
