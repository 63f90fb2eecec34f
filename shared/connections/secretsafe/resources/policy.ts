import * as z from 'zod';
import { commonResource } from '#shared/config/schema/provisioning.ts';
import type { Policy } from '#shared/connections/directory.ts';
import type { ResourceType, ResourceWork } from '#shared/connections/resource.ts';
import type { WorkOptions } from '#shared/connections/secretsafe/resources/member.ts';
import { RelayError } from '#shared/errors.ts';

/** Types of policy by their numbers (reference: sra-and-secretsafe-api.md, B2 "Policies"). */
const POLICIES = [
  'two-factor-authentication',
  'master-password',
  'password-generator',
  'single-organization',
  'require-sso',
  'organization-data-ownership',
  'disable-send',
  'send-options',
  'reset-password',
  'maximum-vault-timeout',
  'disable-personal-vault-export',
  'activate-autofill',
  'automatic-app-log-in',
  'free-families-sponsorship',
  'remove-unlock-with-pin',
  'restricted-item-types',
  'uri-match-defaults',
  'autotype-default-setting',
  'automatic-user-confirmation',
  'block-claimed-domain-account-creation',
  'organization-user-notification',
  'send-controls',
  'fill-assist',
] as const;

const scalar = z.union([z.string(), z.number(), z.boolean()]);

const policySettings = z.strictObject({
  type: z.literal('secretsafe-policy').describe('A policy of the organization.'),
  ...commonResource,
  policy: z
    .enum(POLICIES)
    .meta({ examples: ['master-password'] })
    .describe('Type of the policy.'),
  enabled: z.boolean().default(true).describe('True if the policy holds.'),
  data: z
    .record(z.string(), scalar)
    .meta({ examples: [{ minLength: 14 }] })
    .default({})
    .describe('Settings of the policy, with the names of the server. Others stay.'),
  apply: z
    .boolean()
    .default(false)
    .describe(
      'True if differences are corrected, which can revoke members who do not comply. Otherwise they are only reported.',
    ),
});
type PolicySpec = z.infer<typeof policySettings>;

export const policy: ResourceType = {
  settings: policySettings,
  references: {},
  key: ['policy'],
  literal: () => ['policy', 'enabled', 'data', 'apply'],
  check: ({ adopt }) =>
    adopt === true
      ? []
      : [{ setting: undefined, message: 'takes over a policy of the whole organization; write adopt: true' }],
  fixed: {},
  keepsMark: false,
  grantsRights: true,
};

type Data = Policy['data'];

/** The wanted settings of a policy in a comparable form. */
const comparable = (data: Data, { data: wanted }: PolicySpec): string =>
  JSON.stringify(
    Object.keys(wanted)
      .toSorted()
      .map((name) => [name, data[name] ?? null]),
  );

const recordedSchema = z.array(z.tuple([z.string(), z.unknown()]));

/** The data with the wanted settings as they were recorded; without them if they did not exist. Pure. */
const returned = (data: Data, { data: wanted }: PolicySpec, recorded: unknown): Data => {
  const earlier = typeof recorded === 'string' ? recordedSchema.parse(JSON.parse(recorded)) : [];
  return Object.fromEntries([
    ...Object.entries(data).filter(([name]) => !Object.hasOwn(wanted, name)),
    ...earlier.filter(([, value]) => value !== null),
  ]);
};

export const policyWork = ({ session, directory }: Omit<WorkOptions, 'hasOthers'>): ResourceWork<PolicySpec> => {
  const typeOf = ({ policy: name }: PolicySpec): number => POLICIES.indexOf(name);
  const current = async (spec: PolicySpec): Promise<Policy | undefined> => {
    const { rows, rejected } = await directory.policies();
    const found = rows.find(({ type }) => type === typeOf(spec));
    if (found !== undefined || rejected.length === 0) return found;
    throw new RelayError(
      'AnswerMalformed',
      `${session.connection}: some policies can't be read (${rejected[0]}), and one of them may be ${spec.policy}. Check them in the administration.`,
    );
  };
  const save = async (spec: PolicySpec, enabled: boolean, data: Data): Promise<void> => {
    if (spec.apply) return directory.savePolicy({ type: typeOf(spec), enabled, data });
    throw new RelayError(
      'ChangeRefused',
      `${session.connection}: the policy ${spec.policy} differs and is only reported. Write apply: true, or correct it in the administration; members who do not comply can be revoked at once.`,
    );
  };
  const set = async ({ spec }: { readonly spec: PolicySpec }): Promise<void> =>
    save(spec, spec.enabled, { ...(await current(spec))?.data, ...spec.data });
  return {
    desired: async ({ spec }) => ({ enabled: spec.enabled, data: comparable(spec.data, spec) }),
    async find({ spec }) {
      const found = await current(spec);
      // One without any setting that is not enabled is like one that was never saved.
      const isUsed = found !== undefined && (found.enabled || Object.keys(found.data).length > 0);
      if (!isUsed && spec.enabled) return undefined;
      const { enabled, data } = found ?? { enabled: false, data: {} };
      return {
        id: String(typeOf(spec)),
        title: spec.policy,
        mark: undefined,
        fields: { enabled, data: comparable(data, spec) },
      };
    },
    async create(wanted) {
      await set(wanted);
      return String(typeOf(wanted.spec));
    },
    change: set,
    async restore({ spec }, earlier) {
      // What is only reported was never changed.
      if (!spec.apply) return;
      const data = returned((await current(spec))?.data ?? {}, spec, earlier?.['data']);
      await save(spec, earlier?.['enabled'] === true, data);
    },
    remove: async () => {},
  };
};
