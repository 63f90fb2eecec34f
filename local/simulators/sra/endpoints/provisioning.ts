import * as z from 'zod';
import { parseJson } from '../../common/calls.ts';
import type { Reply } from '../../common/replies.ts';
import {
  ACCOUNT_FIELDS,
  type AccountFields,
  AWS_FIELDS,
  credentialIn,
  isWritten,
  missingIn,
} from '../account-fields.ts';
import { ACCOUNT_TYPES, TYPE_RULES } from '../account-types.ts';
import type { Call } from '../calls.ts';
import { readFields } from '../fields.ts';
import { empty, type FieldErrors, invalid, json, notFound } from '../replies.ts';
import { accountRow } from '../rows.ts';
import type { ApiEndpoint, Caller, Site } from '../site.ts';
import type { AccountSettings, VaultAccount } from '../vault-account.ts';
import { managesVault, VAULT } from './vault-accounts.ts';

const TYPED = z.object({ type: z.enum(ACCOUNT_TYPES) });

/** A group or policy that does not exist. */
const wrongReferences = ({ vault }: Site, fields: AccountFields): FieldErrors | undefined => {
  const { account_group_id: groupId, account_policy: policy } = fields;
  if (groupId !== undefined && !vault.groups.has(groupId)) return { account_group_id: ['The group does not exist.'] };
  const isKnown = (policy ?? null) === null || [...vault.policies.values()].some(({ codeName }) => codeName === policy);
  return isKnown ? undefined : { account_policy: ['The account policy does not exist.'] };
};

const create = (site: Site, call: Call, { performer }: Caller): Reply => {
  const { vault, switches, now } = site;
  const type = TYPED.safeParse(parseJson(call.body)).data?.type;
  if (type === undefined || !isWritten(type) || (switches.product === 'rs' && TYPE_RULES[type].praOnly)) {
    return invalid({ type: ['The selected type is invalid.'] });
  }
  const read = readFields<AccountFields>(call, ACCOUNT_FIELDS[type], switches);
  if ('refused' in read) return read.refused;
  const { fields } = read;
  const missing = missingIn(type, fields);
  if (missing.length > 0)
    return invalid(Object.fromEntries(missing.map((name) => [name, ['This field is required.']])));
  const wrong = wrongReferences(site, fields);
  if (wrong !== undefined) return invalid(wrong);
  const credential = credentialIn(fields) ?? '';
  const account = vault.add(
    {
      kind: 'plain',
      id: vault.nextId(),
      type,
      name: fields.name ?? '',
      userName: fields.username ?? null,
      description: fields.description ?? '',
      ownerUserId: null,
      groupId: type === 'x509_ca' ? null : (fields.account_group_id ?? vault.defaultGroupId),
      policy: fields.account_policy ?? null,
      endpointId: null,
      credentialShape: 'plain',
      credential,
      canary: credential,
      changedAt: now(),
      heldBy: null,
    },
    performer,
  );
  const location = `${call.origin}/${VAULT}/account/${account.id}`;
  return json(201, accountRow(account, switches), { Location: location });
};

/** The schema of a change, or undefined for an account that no call can change. */
const schemaOf = ({ type, isPersonal }: VaultAccount, site: Site): z.ZodType<AccountFields> | undefined => {
  if (isPersonal) return undefined;
  if (type === 'aws_secret') return AWS_FIELDS;
  if (!isWritten(type)) return undefined;
  const schema = ACCOUNT_FIELDS[type];
  return site.switches.partialPatch === 'accepted' ? schema.partial() : schema;
};

const settingsIn = (fields: AccountFields): Partial<AccountSettings> => ({
  ...(fields.name !== undefined && { name: fields.name }),
  ...(fields.username !== undefined && { userName: fields.username }),
  ...(fields.description !== undefined && { description: fields.description }),
  ...(fields.account_group_id !== undefined && { groupId: fields.account_group_id }),
  ...(fields.account_policy !== undefined && { policy: fields.account_policy }),
});

const change = (site: Site, call: Call, { performer }: Caller, id: number): Reply => {
  const { vault, switches } = site;
  const account = vault.accounts.get(id);
  if (account === undefined) return notFound();
  const schema = schemaOf(account, site);
  if (schema === undefined) return empty(403);
  const read = readFields(call, schema, switches);
  if ('refused' in read) return read.refused;
  const wrong = wrongReferences(site, read.fields);
  if (wrong !== undefined) return invalid(wrong);
  vault.changeSettings(account, settingsIn(read.fields));
  const credential = credentialIn(read.fields);
  if (credential !== undefined) vault.change(account, performer, { credential });
  return json(200, accountRow(account, switches));
};

const remove = ({ vault }: Site, _call: Call, { performer }: Caller, id: number): Reply => {
  const account = vault.accounts.get(id);
  if (account === undefined) return notFound();
  if (account.isPersonal) return empty(403);
  vault.remove(account, performer);
  return empty(204);
};

const one = {
  template: `${VAULT}/account/{id}`,
  kind: 'provision',
  isPermitted: managesVault,
  parameters: [],
} as const;

/** Writes of accounts. */
export const provisioningEndpoints: readonly ApiEndpoint[] = [
  { ...one, method: 'POST', template: `${VAULT}/account`, handle: create },
  { ...one, method: 'PATCH', handle: change },
  { ...one, method: 'DELETE', handle: remove },
];
