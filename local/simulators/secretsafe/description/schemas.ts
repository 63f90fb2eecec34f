/**
 * Schemas of the description that the server publishes, with the names of the vendor. They are written down apart from
 * the code that reads and answers calls, so that a program can compare the two.
 */

/** A schema of OpenAPI 3.0. */
export type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const flag: Schema = { type: 'boolean' };
const count: Schema = { type: 'integer', format: 'int32' };
const guid: Schema = { type: 'string', format: 'uuid' };
const date: Schema = { type: 'string', format: 'date-time' };

const upTo = (maxLength: number, minLength = 0): Schema => ({ ...text, minLength, maxLength });
const oneOf = (...values: readonly (string | number)[]): Schema => ({
  type: typeof values[0] === 'number' ? 'integer' : 'string',
  enum: values,
});
/** A reference ignores what stands beside it. */
const nullable = (schema: Schema): Schema => ({ ...('$ref' in schema ? { allOf: [schema] } : schema), nullable: true });
const listOf = (items: Schema): Schema => ({ type: 'array', items });
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

type Properties = Readonly<Record<string, Schema>>;

/** An answer, which has all of its properties. */
const shown = (properties: Properties): Schema => ({ type: 'object', required: Object.keys(properties), properties });

/** A body, of which only some properties are required. */
const sent = (required: readonly string[], properties: Properties): Schema => ({
  type: 'object',
  required,
  properties,
});

const pageOf = (row: string): Schema =>
  shown({ object: oneOf('list'), data: listOf(ref(row)), continuationToken: nullable(text) });

/** Differences between the eras, as the schemas show them. */
interface EraFields {
  readonly types: readonly number[];
  readonly statuses: readonly number[];
  readonly policies: number;
  /** Further properties of a right in a collection. */
  readonly right: Properties;
  /** Further properties of a member, and of a member or group. */
  readonly member: Properties;
  readonly both: Properties;
  readonly required: readonly string[];
}

const TODAY: EraFields = {
  types: [0, 1, 2, 4],
  statuses: [-1, 0, 1, 2, 3],
  policies: 23,
  right: { hidePasswords: flag, manage: flag },
  member: { permissions: nullable(ref('PermissionsModel')), ssoExternalId: nullable(text) },
  both: {},
  required: [],
};

const OLDER: EraFields = {
  types: [0, 1, 2, 3],
  statuses: [-1, 0, 1, 2],
  policies: 12,
  right: {},
  member: {},
  both: { accessAll: flag },
  required: ['accessAll'],
};

const EVENT_IDS = [
  ...['actingUserId', 'memberId', 'itemId', 'collectionId', 'groupId', 'policyId'],
  ...['secretId', 'projectId', 'serviceAccountId', 'installationId'],
];

const PERMISSIONS = [
  ...['accessEventLogs', 'accessImportExport', 'accessReports', 'createNewCollections', 'editAnyCollection'],
  ...['deleteAnyCollection', 'manageGroups', 'managePolicies', 'manageSso', 'manageUsers', 'manageResetPassword'],
  ...['manageScim', 'manageAccessRules'],
];

const idsOf = (names: readonly string[]): Properties => Object.fromEntries(names.map((name) => [name, nullable(guid)]));

/** Types of policies that the server knows. */
export const policyTypes = (isOlder: boolean): Schema =>
  oneOf(...Array.from({ length: (isOlder ? OLDER : TODAY).policies }, (_, type) => type));

/** A value of a query that counts as absent if it is empty. */
const orEmpty = (schema: Schema): Schema => ({ anyOf: [schema, upTo(0)] });

/** Filters and bounds of the list of events. */
export const EVENT_QUERY: Properties = {
  start: orEmpty(date),
  end: orEmpty(date),
  ...Object.fromEntries(['actingUserId', 'itemId', 'secretId', 'projectId'].map((name) => [name, orEmpty(guid)])),
  continuationToken: text,
};

export const GUIDS = listOf(guid);
export const GUID = guid;

/** All schemas, for servers of one era. */
export const schemasOf = (isOlder: boolean): Readonly<Record<string, Schema>> => {
  const era = isOlder ? OLDER : TODAY;
  const association = 'AssociationWithPermissions';
  const member = {
    ...era.both,
    externalId: nullable(upTo(300)),
    collections: nullable(listOf(ref(`${association}RequestModel`))),
  };
  const written = isOlder
    ? member
    : { ...member, groups: nullable(GUIDS), permissions: nullable(ref('PermissionsModel')) };
  const type = oneOf(...era.types);
  const name = upTo(100, 1);
  const rights = nullable(listOf(ref(`${association}ResponseModel`)));
  const seats = { seats: nullable(count), maxAutoScaleSeats: nullable(count) };
  const services = { serviceAccounts: nullable(count), maxAutoScaleServiceAccounts: nullable(count) };
  return {
    ErrorResponseModel: shown({
      object: oneOf('error'),
      message: text,
      errors: nullable({ type: 'object', additionalProperties: listOf(text) }),
    }),
    PermissionsModel: sent([], Object.fromEntries(PERMISSIONS.map((one) => [one, flag]))),
    [`${association}RequestModel`]: sent(['id', 'readOnly'], { id: guid, readOnly: flag, ...era.right }),
    [`${association}ResponseModel`]: shown({ id: guid, readOnly: flag, ...era.right }),
    MemberResponseModel: shown({
      object: oneOf('member'),
      id: guid,
      userId: nullable(guid),
      name: nullable(text),
      email: { type: 'string', format: 'email' },
      type,
      status: oneOf(...era.statuses),
      externalId: nullable(text),
      collections: rights,
      twoFactorEnabled: flag,
      resetPasswordEnrolled: flag,
      ...era.member,
      ...era.both,
    }),
    MemberResponseModelListResponseModel: pageOf('MemberResponseModel'),
    MemberCreateRequestModel: sent(['email', 'type', ...era.required], {
      email: { type: 'string', format: 'email', maxLength: 256 },
      type,
      ...written,
    }),
    MemberUpdateRequestModel: sent(['type', ...era.required], { type, ...written }),
    UpdateGroupIdsRequestModel: sent([], { groupIds: nullable(GUIDS) }),
    GroupResponseModel: shown({
      object: oneOf('group'),
      id: guid,
      name: text,
      externalId: nullable(text),
      collections: rights,
      ...era.both,
    }),
    GroupResponseModelListResponseModel: pageOf('GroupResponseModel'),
    GroupCreateUpdateRequestModel: sent(['name', ...era.required], { name, ...member }),
    UpdateMemberIdsRequestModel: sent([], { memberIds: nullable(GUIDS) }),
    CollectionResponseModel: shown({
      object: oneOf('collection'),
      id: guid,
      externalId: nullable(text),
      groups: rights,
    }),
    CollectionResponseModelListResponseModel: pageOf('CollectionResponseModel'),
    CollectionUpdateRequestModel: sent([], {
      externalId: nullable(upTo(300)),
      groups: nullable(listOf(ref(`${association}RequestModel`))),
    }),
    PolicyResponseModel: shown({
      object: oneOf('policy'),
      id: guid,
      type: policyTypes(isOlder),
      enabled: flag,
      data: nullable({ type: 'object' }),
    }),
    PolicyResponseModelListResponseModel: pageOf('PolicyResponseModel'),
    PolicyUpdateRequestModel: sent(['enabled'], { enabled: flag, data: nullable({ type: 'object' }) }),
    EventResponseModel: shown({
      object: oneOf('event'),
      type: count,
      date,
      ...idsOf(EVENT_IDS),
      device: nullable(count),
      ipAddress: nullable(text),
    }),
    EventResponseModelPagedListResponseModel: pageOf('EventResponseModel'),
    OrganizationImportRequestModel: sent(['groups', 'members', 'overwriteExisting'], {
      groups: listOf(
        sent(['name', 'externalId', 'memberExternalIds'], {
          name,
          externalId: upTo(300, 1),
          memberExternalIds: listOf(text),
        }),
      ),
      members: listOf(sent(['externalId'], { email: nullable(upTo(256)), externalId: upTo(300, 1), deleted: flag })),
      overwriteExisting: flag,
      largeImport: flag,
      inviteUsersAfterProvisioning: flag,
    }),
    OrganizationSubscriptionResponseModel: shown({
      passwordManager: nullable(shown({ ...seats, storage: nullable(count) })),
      secretsManager: nullable(shown({ ...seats, ...services })),
    }),
    OrganizationSubscriptionUpdateRequestModel: sent([], {
      passwordManager: nullable(sent([], { ...seats, storage: nullable(count) })),
      secretsManager: nullable(sent([], { ...seats, ...services })),
    }),
    OrganizationSubscriptionUpdateResponseModel: shown({ message: text }),
  };
};
