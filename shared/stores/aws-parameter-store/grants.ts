import { ownedBy, taggedBy } from '#shared/aws/tag-conditions.ts';
import type { Tier } from '#shared/stores/aws-parameter-store/rules.ts';
import type { StoreScope, StoreUse } from '#shared/stores/store.ts';
import type { Permission } from '#shared/workflows/grants.ts';

const LIST_SHOWS =
  'DescribeParameters cannot be limited to a resource. It shows names and descriptions, never a value.';
const NAMES_FROM_VAULT =
  'The items in the vault determine the names; the fixed beginning of the name in relay.yaml limits them.';

/** Settings of a store on which its permissions depend. */
export interface GrantSettings {
  /** ARNs of the keys that delivered parameters may be encrypted with. */
  readonly keys: readonly string[];
  /** Tags of new parameters, beside those of the relay. */
  readonly tags: Readonly<Record<string, string>>;
  readonly tier: Tier;
}

/** Source: Systems Manager user guide, "AWS KMS encryption for Parameter Store SecureString parameters". */
const ENCRYPTION = { standard: 'kms:Encrypt', advanced: 'kms:GenerateDataKey' } as const satisfies Record<Tier, string>;

/**
 * AWS permissions for one use of parameters, limited to the fixed beginnings of the names in relay.yaml. Only
 * parameters with the relay's own tag can be read or changed, so that even a defect in the relay can't overwrite one of
 * another owner.
 */
export const permissionsFor = (use: StoreUse, settings: GrantSettings, scope: StoreScope): readonly Permission[] => {
  if (use === 'list') {
    return [{ actions: ['ssm:DescribeParameters'], resources: ['*'], pattern: LIST_SHOWS }];
  }
  return scope.prefixes.length === 0 ? [] : USES[use](namedBy(scope), settings, scope);
};

/** Parameters whose names have a fixed beginning from relay.yaml. An ARN has one slash before the name. */
const namedBy = ({ partition, region, account, prefixes }: StoreScope): Named => ({
  resources: prefixes.map((prefix) => `arn:${partition}:ssm:${region}:${account}:parameter/${prefix}*`),
  pattern: NAMES_FROM_VAULT,
});
type Named = Pick<Permission, 'resources' | 'pattern'>;

/**
 * The tags of foreign parameters as well, because the relay has to recognise them. The history contains values, which
 * are not encrypted if the type is String.
 */
const inspect = (named: Named, { owners }: StoreScope): Permission[] => [
  { actions: ['ssm:ListTagsForResource'], ...named },
  { actions: ['ssm:GetParameterHistory'], ...named, conditions: { StringLike: ownedBy(owners) } },
];

const USES = {
  inspect: (named, _settings, scope) => inspect(named, scope),

  complete: () => [],

  deliver: (named, { keys, tags, tier }, scope) => {
    const ours = ownedBy(scope.owners);
    const asOurs = taggedBy(scope.owners, tags);
    const viaService = { StringEquals: { 'kms:ViaService': `ssm.${scope.region}.amazonaws.com` } };
    return [
      ...inspect(named, scope),
      // Values are read back and compared.
      { actions: ['ssm:GetParameter'], ...named, conditions: { StringLike: ours } },
      // Creating: AWS refuses tags for an existing parameter.
      { actions: ['ssm:PutParameter'], ...named, conditions: asOurs },
      {
        // PutParameter needs it for the tags that it sets. Parameters of another relay stay out of reach. For untagged
        // ones, AWS has no condition that distinguishes creating from tagging.
        actions: ['ssm:AddTagsToResource'],
        ...named,
        conditions: { ...asOurs, StringLikeIfExists: ours },
      },
      // Changing.
      { actions: ['ssm:PutParameter'], ...named, conditions: { StringLike: ours } },
      { actions: [ENCRYPTION[tier], 'kms:Decrypt'], resources: keys, conditions: viaService },
    ];
  },

  retire: (named, _settings, scope) => [
    ...inspect(named, scope),
    { actions: ['ssm:DeleteParameter'], ...named, conditions: { StringLike: ownedBy(scope.owners) } },
  ],
} as const satisfies Record<
  Exclude<StoreUse, 'list'>,
  (named: Named, settings: GrantSettings, scope: StoreScope) => Permission[]
>;
