import { ownedBy, taggedBy } from '#shared/aws/tag-conditions.ts';
import type { ReplicaRegion } from '#shared/stores/aws-secrets-manager/settings.ts';
import type { StoreScope, StoreUse } from '#shared/stores/store.ts';
import type { Permission } from '#shared/workflows/grants.ts';

const LIST_SHOWS = 'ListSecrets cannot be limited to a resource. It shows names, tags and version ids, never a value.';
const NAMES_FROM_VAULT =
  'The items in the vault determine the names; the fixed beginning of the name in relay.yaml limits them.';

type Scope = Omit<StoreScope, 'session'>;

/** Settings of a store on which its permissions depend. */
export interface GrantSettings {
  /** ARNs of the keys that delivered secrets may be encrypted with. */
  readonly keys: readonly string[];
  /** Tags of new secrets, beside those of the relay. */
  readonly tags: Readonly<Record<string, string>>;
  /** Regions that get replicas. */
  readonly replicas: readonly ReplicaRegion[];
}

/**
 * AWS permissions for one use of secrets, limited to the fixed beginnings of the names in relay.yaml. Only secrets with
 * the relay's own tag can be changed, so that even a defect in the relay can't overwrite a secret of another owner.
 */
export const permissionsFor = (use: StoreUse, settings: GrantSettings, scope: Scope): readonly Permission[] => {
  if (use === 'list') {
    // ListSecrets does not support resource-level permissions.
    const listing = { actions: ['secretsmanager:ListSecrets'], resources: ['*'], pattern: LIST_SHOWS };
    // The list does not show why a replica is missing.
    const isReplicated = settings.replicas.length > 0 && scope.prefixes.length > 0;
    return isReplicated ? [listing, ...inspect(namedBy(scope))] : [listing];
  }
  return scope.prefixes.length === 0 ? [] : USES[use](namedBy(scope), settings, scope);
};

/** Secrets whose names have a fixed beginning from relay.yaml. */
const namedBy = ({ partition, region, account, prefixes }: Scope): Named => ({
  resources: prefixes.map((prefix) => `arn:${partition}:secretsmanager:${region}:${account}:secret:${prefix}*`),
  pattern: NAMES_FROM_VAULT,
});
type Named = Pick<Permission, 'resources' | 'pattern'>;

/** Covers foreign secrets as well, because the relay has to recognise them. No value is read. */
const inspect = (named: Named): Permission[] => [{ actions: ['secretsmanager:DescribeSecret'], ...named }];

type Conditions = NonNullable<Permission['conditions']>;

/** Use of keys through Secrets Manager in these regions. */
const ofKeys = (actions: readonly string[], resources: readonly string[], regions: readonly string[]): Permission[] => {
  const services = regions.map((region) => `secretsmanager.${region}.amazonaws.com`);
  const [only = '', ...others] = services;
  const conditions: Conditions = { StringEquals: { 'kms:ViaService': others.length === 0 ? only : services } };
  return resources.length === 0 ? [] : actions.map((action) => ({ actions: [action], resources, conditions }));
};

/** Replication to the regions of relay.yaml only, and never over a secret of another owner there. */
const replicate = (
  named: Named,
  { replicas }: GrantSettings,
  { owners, region }: Scope,
  ownership: 'StringLike' | 'StringLikeIfExists',
): Permission[] => {
  if (replicas.length === 0) return [];
  const regions = replicas.map((replica) => replica.region);
  const conditions: Conditions = {
    [ownership]: ownedBy(owners),
    'ForAllValues:StringEquals': { 'secretsmanager:AddReplicaRegions': regions },
    BoolIfExists: { 'secretsmanager:ForceOverwriteReplicaSecret': 'false' },
  };
  const keys = replicas.flatMap(({ kmsKeyArn }) => kmsKeyArn ?? []);
  return [
    { actions: ['secretsmanager:ReplicateSecretToRegions'], ...named, conditions },
    ...ofKeys(['kms:GenerateDataKey', 'kms:Encrypt'], keys, [region, ...regions]),
  ];
};

const USES = {
  inspect,

  complete: (named, settings, scope) =>
    settings.replicas.length === 0
      ? []
      : [
          ...replicate(named, settings, scope, 'StringLike'),
          // AWS decrypts the value to encrypt it in the other region.
          ...ofKeys(['kms:Decrypt'], settings.keys, [scope.region]),
        ],

  deliver: (named, settings, scope) => {
    const { keys, tags } = settings;
    const { owners, region } = scope;
    const ours = ownedBy(owners);
    const asOurs = taggedBy(owners, tags);
    return [
      ...inspect(named),
      // Values are read back and compared.
      { actions: ['secretsmanager:GetSecretValue'], ...named, conditions: { StringLike: ours } },
      ...ofKeys(['kms:Decrypt'], keys, [region]),
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
      ...ofKeys(['kms:GenerateDataKey'], keys, [region]),
      // CreateSecret needs it for its replicas, before the secret has a tag.
      ...replicate(named, settings, scope, 'StringLikeIfExists'),
    ];
  },

  retire: (named, _settings, { owners }) => [
    ...inspect(named),
    {
      // A secret can have replicas that relay.yaml does not name, and AWS deletes none that has replicas.
      actions: ['secretsmanager:DeleteSecret', 'secretsmanager:RemoveRegionsFromReplication'],
      ...named,
      conditions: { StringLike: ownedBy(owners) },
    },
  ],
} as const satisfies Record<
  Exclude<StoreUse, 'list'>,
  (named: Named, settings: GrantSettings, scope: Scope) => Permission[]
>;
