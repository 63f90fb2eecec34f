import { ownedBy, taggedBy } from '#shared/aws/tag-conditions.ts';
import type { StoreScope, StoreUse } from '#shared/stores/store.ts';
import type { Permission } from '#shared/workflows/grants.ts';

const LIST_SHOWS = 'ListSecrets cannot be limited to a resource. It shows names, tags and version ids, never a value.';
const NAMES_FROM_VAULT =
  'The items in the vault determine the names; the fixed beginning of the name in relay.yaml limits them.';

/** Settings of a store on which its permissions depend. */
export interface GrantSettings {
  /** ARNs of the keys that delivered secrets may be encrypted with. */
  readonly keys: readonly string[];
  /** Tags of new secrets, beside those of the relay. */
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * AWS permissions for one use of secrets, limited to the fixed beginnings of the names in relay.yaml. Only secrets with
 * the relay's own tag can be changed, so that even a defect in the relay can't overwrite a secret of another owner.
 */
export const permissionsFor = (use: StoreUse, settings: GrantSettings, scope: StoreScope): readonly Permission[] => {
  if (use === 'list') {
    // ListSecrets does not support resource-level permissions.
    return [{ actions: ['secretsmanager:ListSecrets'], resources: ['*'], pattern: LIST_SHOWS }];
  }
  return scope.prefixes.length === 0 ? [] : USES[use](namedBy(scope), settings, scope);
};

/** Secrets whose names have a fixed beginning from relay.yaml. */
const namedBy = ({ partition, region, account, prefixes }: StoreScope): Named => ({
  resources: prefixes.map((prefix) => `arn:${partition}:secretsmanager:${region}:${account}:secret:${prefix}*`),
  pattern: NAMES_FROM_VAULT,
});
type Named = Pick<Permission, 'resources' | 'pattern'>;

/** Covers foreign secrets as well, because the relay has to recognise them. No value is read. */
const inspect = (named: Named): Permission[] => [{ actions: ['secretsmanager:DescribeSecret'], ...named }];

const USES = {
  inspect,

  deliver: (named, { keys, tags }, { owners, region }) => {
    const ours = ownedBy(owners);
    const asOurs = taggedBy(owners, tags);
    const viaService = { StringEquals: { 'kms:ViaService': `secretsmanager.${region}.amazonaws.com` } };
    return [
      ...inspect(named),
      // Values are read back and compared.
      { actions: ['secretsmanager:GetSecretValue'], ...named, conditions: { StringLike: ours } },
      { actions: ['kms:Decrypt'], resources: keys, conditions: viaService },
      { actions: ['secretsmanager:CreateSecret'], ...named, conditions: asOurs },
      {
        // CreateSecret needs it for the tag that it sets. Secrets of another relay stay out of reach. For untagged
        // secrets, AWS has no condition that distinguishes creating from tagging.
        actions: ['secretsmanager:TagResource'],
        ...named,
        conditions: { ...asOurs, StringLikeIfExists: ours },
      },
      {
        actions: [
          'secretsmanager:PutSecretValue',
          'secretsmanager:UpdateSecretVersionStage',
          'secretsmanager:RestoreSecret',
        ],
        ...named,
        conditions: { StringLike: ours },
      },
      { actions: ['kms:GenerateDataKey'], resources: keys, conditions: viaService },
    ];
  },

  retire: (named, _settings, { owners }) => [
    ...inspect(named),
    {
      actions: ['secretsmanager:DeleteSecret'],
      ...named,
      conditions: { StringLike: ownedBy(owners) },
    },
  ],
} as const satisfies Record<
  Exclude<StoreUse, 'list'>,
  (named: Named, settings: GrantSettings, scope: StoreScope) => Permission[]
>;
