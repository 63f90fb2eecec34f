import * as z from 'zod';
import type { Reply } from '../../common/replies.ts';
import type { Call } from '../calls.ts';
import { readFields, textOf } from '../fields.ts';
import { PAGING, paged } from '../paging.ts';
import { empty, type FieldErrors, invalid, json, notFound, unable } from '../replies.ts';
import { groupRow, policyRow } from '../rows.ts';
import type { ApiEndpoint, Site } from '../site.ts';
import type { Switches } from '../switches.ts';
import type { VaultGroup, VaultPolicy } from '../vault.ts';
import { managesVault, VAULT } from './vault-accounts.ts';

/** Lists and writes of one kind of setting. Its fields are those of the wire, partly or all. */
interface Settings<T extends { readonly id: number }> {
  readonly template: string;
  readonly kind: 'groups' | 'policies';
  readonly rows: (site: Site) => Map<number, T>;
  readonly show: (row: T, switches: Switches) => Readonly<Record<string, unknown>>;
  /** Texts by the names of the filters, which are also unique. */
  readonly names: (row: T) => Readonly<Record<string, string>>;
  readonly filters: readonly string[];
  /** A new setting, or this one with the fields of a body. */
  readonly read: (site: Site, call: Call, old: T | undefined) => { readonly row: T } | { readonly refused: Reply };
  /** @returns false for the default one. */
  readonly remove: (site: Site, row: T) => boolean;
}

const takenNames = <T extends { readonly id: number }>(
  { rows, names }: Settings<T>,
  site: Site,
  row: T,
): FieldErrors => {
  const others = [...rows(site).values()].filter(({ id }) => id !== row.id).map(names);
  const taken = Object.entries(names(row)).filter(([name, value]) => others.some((other) => other[name] === value));
  return Object.fromEntries(taken.map(([name]) => [name, ['This value has already been taken.']]));
};

const endpointsOf = <T extends { readonly id: number }>(settings: Settings<T>): readonly ApiEndpoint[] => {
  const { kind, rows, show, names, filters, read, remove } = settings;
  const all = { template: `${VAULT}/${settings.template}`, isPermitted: managesVault, parameters: [], kind };
  const each = { ...all, template: `${all.template}/{id}` };
  const write = (site: Site, call: Call, old: T | undefined): Reply => {
    const result = read(site, call, old);
    if ('refused' in result) return result.refused;
    const { row } = result;
    const taken = takenNames(settings, site, row);
    if (Object.keys(taken).length > 0) return invalid(taken);
    rows(site).set(row.id, row);
    site.vault.settingsChanged();
    const location = { Location: `${call.origin}/${all.template}/${row.id}` };
    return old === undefined ? json(201, show(row, site.switches), location) : json(200, show(row, site.switches));
  };
  const withRow =
    (act: (site: Site, call: Call, row: T) => Reply): ApiEndpoint['handle'] =>
    (site, call, _caller, id) => {
      const row = rows(site).get(id);
      return row === undefined ? notFound() : act(site, call, row);
    };
  return [
    {
      ...all,
      method: 'GET',
      parameters: [...PAGING, ...filters],
      handle(site, call) {
        const wanted = filters.flatMap((name) => {
          const value = call.query.get(name);
          return value === null ? [] : [[name, value.toLowerCase()] as const];
        });
        if (call.query.get('name') === '') return invalid({ name: ['The name must have 1 to 255 characters.'] });
        const found = [...rows(site).values()].filter((row) =>
          wanted.every(([name, value]) => names(row)[name]?.toLowerCase() === value),
        );
        return paged(call, found, (row) => show(row, site.switches), site.switches);
      },
    },
    { ...all, method: 'POST', handle: (site, call) => write(site, call, undefined) },
    { ...each, method: 'GET', handle: withRow(({ switches }, _call, row) => json(200, show(row, switches))) },
    { ...each, method: 'PATCH', handle: withRow(write) },
    {
      ...each,
      method: 'DELETE',
      handle: withRow((site, _call, row) => {
        if (!remove(site, row)) return unable('The default cannot be deleted.');
        rows(site).delete(row.id);
        site.vault.settingsChanged();
        return empty(204);
      }),
    },
  ];
};

const nextId = (rows: ReadonlyMap<number, unknown>): number => Math.max(0, ...rows.keys()) + 1;

const GROUP_FIELDS = z.strictObject({
  name: textOf(255),
  description: textOf(1024, 0).optional(),
  account_policy: textOf(64).nullable().optional(),
});

const groups: Settings<VaultGroup> = {
  template: 'account-group',
  kind: 'groups',
  rows: ({ vault }) => vault.groups,
  show: groupRow,
  names: ({ name }) => ({ name }),
  filters: ['name'],
  read({ vault, switches }, call, old) {
    const result = readFields<Partial<z.infer<typeof GROUP_FIELDS>>>(
      call,
      old === undefined ? GROUP_FIELDS : GROUP_FIELDS.partial(),
      switches,
    );
    if ('refused' in result) return result;
    const { name = old?.name ?? '', description = old?.description ?? '', account_policy: policy } = result.fields;
    if (typeof policy === 'string' && ![...vault.policies.values()].some(({ codeName }) => codeName === policy)) {
      return { refused: invalid({ account_policy: ['The account policy does not exist.'] }) };
    }
    const id = old?.id ?? nextId(vault.groups);
    return { row: { id, name, description, policy: policy === undefined ? (old?.policy ?? null) : policy } };
  },
  remove({ vault }, { id }) {
    if (id === vault.defaultGroupId) return false;
    for (const { settings } of vault.accounts.values())
      if (settings.groupId === id) settings.groupId = vault.defaultGroupId;
    return true;
  },
};

const POLICY_FIELDS = z.strictObject({
  name: textOf(255),
  code_name: textOf(64, 0)
    .regex(/^[\w-]*$/)
    .optional(),
  description: textOf(1024, 0).optional(),
  auto_rotate_credentials: z.boolean().optional(),
  allow_simultaneous_checkout: z.boolean().optional(),
  scheduled_password_rotation: z.boolean().nullable().optional(),
  maximum_password_age: z.int().min(1).max(365).nullable().optional(),
});

const policies: Settings<VaultPolicy> = {
  template: 'account-policy',
  kind: 'policies',
  rows: ({ vault }) => vault.policies,
  show: policyRow,
  names: ({ name, codeName }) => ({ name, ...(codeName !== '' && { code_name: codeName }) }),
  filters: ['name', 'code_name'],
  read({ vault, switches }, call, old) {
    const result = readFields<Partial<z.infer<typeof POLICY_FIELDS>>>(
      call,
      old === undefined ? POLICY_FIELDS : POLICY_FIELDS.partial(),
      switches,
    );
    if ('refused' in result) return result;
    const { fields } = result;
    const isScheduled = fields.scheduled_password_rotation ?? (old?.maxAgeDays ?? null) !== null;
    const maxAgeDays = fields.maximum_password_age ?? old?.maxAgeDays ?? null;
    if (fields.scheduled_password_rotation === true && maxAgeDays === null) {
      return { refused: invalid({ maximum_password_age: ['Required with scheduled rotation.'] }) };
    }
    return {
      row: {
        id: old?.id ?? nextId(vault.policies),
        name: fields.name ?? old?.name ?? '',
        codeName: fields.code_name ?? old?.codeName ?? '',
        description: fields.description ?? old?.description ?? '',
        autoRotates: fields.auto_rotate_credentials ?? old?.autoRotates ?? false,
        allowsSimultaneous: fields.allow_simultaneous_checkout ?? old?.allowsSimultaneous ?? false,
        maxAgeDays: isScheduled ? maxAgeDays : null,
      },
    };
  },
  remove({ vault }, policy) {
    if (vault.isDefaultPolicy(policy)) return false;
    const inherits = (row: { policy: string | null }) => row.policy === policy.codeName;
    for (const group of vault.groups.values()) if (inherits(group)) group.policy = null;
    for (const { settings } of vault.accounts.values()) if (inherits(settings)) settings.policy = null;
    return true;
  },
};

export const groupAndPolicyEndpoints: readonly ApiEndpoint[] = [...endpointsOf(groups), ...endpointsOf(policies)];
