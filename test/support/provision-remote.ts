import * as z from 'zod';
import { commonResource, initialPassword } from '#shared/config/schema/provisioning.ts';
import type { Found, ResourceType, ResourceWork, Wanted } from '#shared/connections/resource.ts';
import type { Fields } from '#shared/domain/blueprint/fields.ts';
import { RelayError } from '#shared/errors.ts';

/** An object of the remote system. */
export interface RemoteObject {
  readonly id: string;
  readonly type: string;
  readonly key: string;
  mark: string | undefined;
  fields: Record<string, Fields[string]>;
  isEnabled: boolean;
}

/** Wraps every call to the remote system, so that a test can break it before or after its effect. */
export type Around = <Answer>(call: string, effect: () => Promise<Answer>) => Promise<Answer>;

const common = { ...commonResource, name: z.string().min(1).max(40) };
const thing = (type: string, more: z.ZodRawShape = {}) =>
  z.strictObject({ type: z.literal(type), ...common, note: z.string().max(60).optional(), ...more });

const declaration = (settings: ResourceType['settings'], more: Partial<ResourceType> = {}): ResourceType => ({
  settings,
  references: {},
  key: ['name'],
  literal: () => ['password'],
  fixed: { kind: 'the kind of an object cannot be changed. Use another name' },
  keepsMark: true,
  grantsRights: false,
  ...more,
});

/**
 * Kinds of resource of a remote system in memory: a host, an account on it, a rule over accounts, and a grant on a
 * rule, which keeps no mark.
 */
export const REMOTE_TYPES = {
  host: declaration(thing('host', { kind: z.string().default('any') })),
  account: declaration(thing('account', { host: z.string(), password: initialPassword.optional() }), {
    references: { host: ['host'] },
    loss: 'Its password is lost.',
  }),
  rule: declaration(thing('rule', { accounts: z.array(z.string()) }), {
    references: { accounts: ['account'] },
    grantsRights: true,
  }),
  grant: declaration(
    z.strictObject({ type: z.literal('grant'), ...commonResource, rule: z.string(), level: z.string() }),
    {
      references: { rule: ['rule'] },
      key: [],
      keepsMark: false,
      grantsRights: true,
    },
  ),
} as const satisfies Readonly<Record<string, ResourceType>>;

type TypeName = keyof typeof REMOTE_TYPES;
const specSchema = z.looseObject({
  name: z.string().default(''),
  note: z.string().optional(),
  kind: z.string().optional(),
  level: z.string().optional(),
});

/** A remote system in memory. `violations` has everything that must never happen, whatever is broken. */
export const createRemote = (around: Around) => {
  const objects = new Map<string, RemoteObject>();
  const settling = new Map<string, number>();
  const violations: string[] = [];
  const broken = { credentials: false, /** Tests of access that still fail. */ access: 0, settling: false, endUse: 0 };
  const tests = { credentials: 0, access: 0 };
  const restored: (Fields | undefined)[] = [];
  const state: { defaultGrant: Fields | undefined; refusesRemoval: boolean } = {
    defaultGrant: undefined,
    refusesRemoval: false,
  };
  let ids = 0;

  const keyOf = (type: TypeName, { spec, refs }: Wanted): string =>
    [type, ...Object.values(refs).flat(), specSchema.parse(spec).name].join('/');
  const byKey = (key: string): RemoteObject | undefined => [...objects.values()].find((object) => object.key === key);
  const accountsOn = (host: string): RemoteObject[] =>
    [...objects.values()].filter(({ key }) => key.startsWith(`account/${host}/`));
  const byId = (id: string): RemoteObject => {
    const object = objects.get(id);
    if (object === undefined) throw new RelayError('NotFound', `There is no object ${id}.`);
    return object;
  };
  const fieldsFor = (type: TypeName, { spec, refs }: Wanted): Fields => {
    const { note, kind, level } = specSchema.parse(spec);
    return {
      ...(note !== undefined && { note }),
      ...(kind !== undefined && { kind }),
      ...(level !== undefined && { level }),
      ...(type === 'account' && { isEnabled: true }),
      ...(type === 'rule' && { accounts: refs['accounts'] ?? [] }),
    };
  };
  const shown = (object: RemoteObject): Found => ({
    id: object.id,
    title: object.key,
    mark: object.mark,
    fields: { ...object.fields, ...(object.type === 'account' && { isEnabled: object.isEnabled }) },
  });
  const put = (type: TypeName, key: string, fields: Fields, mark: string | undefined): string => {
    if (byKey(key) !== undefined) {
      violations.push(`${key} was made twice`);
      throw new RelayError('RequestRejected', `${key} exists already.`);
    }
    const id = String(++ids);
    const { isEnabled: _, ...kept } = fields;
    objects.set(id, { id, type, key, mark, fields: { ...kept }, isEnabled: true });
    if (type === 'rule' && state.defaultGrant !== undefined)
      put('grant', `grant/${id}/`, state.defaultGrant, undefined);
    return id;
  };

  const work = (type: TypeName): ResourceWork => {
    const call = <Answer>(name: string, effect: () => Answer): Promise<Answer> =>
      around(`${name} ${type}`, async () => effect());
    const marked: Partial<ResourceWork> = {
      read: (id) =>
        call('read', () => {
          const object = objects.get(id);
          return object && shown(object);
        }),
      setMark: (_wanted, found, mark) =>
        call('setMark', () => {
          byId(found.id).mark = mark;
        }),
    };
    const unmarked: Partial<ResourceWork> = {
      restore: (wanted, earlier) =>
        call('restore', () => {
          for (const parent of Object.values(wanted.refs).flat()) byId(parent);
          const object = byKey(keyOf(type, wanted));
          if (object === undefined) return;
          restored.push(earlier);
          if (earlier === undefined) objects.delete(object.id);
          else object.fields = { ...earlier };
        }),
    };
    const ofHosts: Partial<ResourceWork> = {
      inside: (id) => call('inside', () => accountsOn(id).map(({ key }) => key)),
    };
    const ofAccounts: Partial<ResourceWork> = {
      setEnabled: (id, isEnabled) =>
        call('setEnabled', () => {
          byId(id).isEnabled = isEnabled;
        }),
      endUse: (_id) => call('endUse', () => ({ waitMinutes: broken.endUse })),
      settle: (_wanted, id) =>
        call('settle', () => {
          const looks = (settling.get(id) ?? 0) + 1;
          settling.set(id, looks);
          return looks > 1 && !broken.settling ? 'done' : 'pending';
        }),
      prove: () =>
        call('prove', () => {
          tests.credentials += 1;
          return broken.credentials ? { proven: false, reason: 'The password does not work.' } : { proven: true };
        }),
      proveAccess: () =>
        call('proveAccess', () => {
          tests.access += 1;
          if (tests.access > broken.access) return { proven: true };
          return { proven: false, reason: 'The account cannot be checked out.' };
        }),
    };
    return {
      desired: async (wanted) => fieldsFor(type, wanted),
      find: (wanted) =>
        call('find', () => {
          const object = byKey(keyOf(type, wanted));
          return object && shown(object);
        }),
      create: (wanted, { mark }) =>
        call('create', () =>
          put(type, keyOf(type, wanted), fieldsFor(type, wanted), type === 'grant' ? undefined : mark),
        ),
      change: (wanted, found, settings) =>
        call('change', () => {
          const object = byId(found.id);
          const fields = fieldsFor(type, wanted);
          // The mark is in a description, which each change writes.
          if (type !== 'grant') object.mark = found.mark;
          for (const setting of settings) {
            if (setting === 'isEnabled') object.isEnabled = true;
            else object.fields[setting] = fields[setting] ?? null;
          }
        }),
      remove: (id) =>
        call('remove', () => {
          const object = objects.get(id);
          if (state.refusesRemoval) throw new RelayError('RequestRejected', `${id} is not removed.`);
          if (object === undefined) return;
          if (object.mark === undefined) violations.push(`${object.key} was deleted without a mark`);
          for (const one of accountsOn(id)) violations.push(`${one.key} was deleted together with ${object.key}`);
          objects.delete(id);
          // A rule takes its grants with it.
          for (const one of objects.values()) if (one.key.startsWith(`grant/${id}/`)) objects.delete(one.id);
        }),
      ...(type === 'grant' ? unmarked : marked),
      ...(type === 'host' && ofHosts),
      ...(type === 'account' && ofAccounts),
    };
  };

  return {
    objects,
    violations,
    broken,
    tests,
    /** Earlier states to which grants were returned. */
    restored,
    set refusesRemoval(refuses: boolean) {
      state.refusesRemoval = refuses;
    },
    /** Grant that the remote system gives to each new rule. */
    set defaultGrant(fields: Fields) {
      state.defaultGrant = fields;
    },
    session: {
      resources:
        async () =>
        (type: string): ResourceWork | undefined =>
          type === 'host' || type === 'account' || type === 'rule' || type === 'grant' ? work(type) : undefined,
    },
    /** Makes an object as a person does. */
    byHand: (type: TypeName, key: string, fields: Fields = {}) => put(type, key, fields, undefined),
  };
};
