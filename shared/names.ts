/** Names that the stack assigns, and by which the functions find the resources. */

/** The Secrets Manager secret that caches the OAuth token of a connection. */
export const tokenSecretName = (relay: string, connection: string): string => `pam-relay/${relay}/token/${connection}`;

/** Beginning of the keys of all tags of the relay. */
export const RELAY_TAGS = 'pam-relay:';

/** Tag of every delivered secret. The roles of the functions are limited to secrets with this tag. */
export const OWNER_TAG = `${RELAY_TAGS}owner`;

/** Value of the owner tag for the secrets of a sync or of a checkout rule. */
export const ownerOf = (relayId: string, name: string): string => `${relayId}/${name}`;

/** Globally unique id of a relay. At synthesis, account and region are tokens that CloudFormation resolves. */
export const relayIdOf = (relay: string, account: string, region: string): string => `${relay}.${account}.${region}`;

/** Account and region of a relay, from its globally unique id. Pure. */
export const relayPlaceOf = (relayId: string): { readonly account: string; readonly region: string } => {
  const [region = '', account = ''] = relayId.split('.').toReversed();
  return { account, region };
};

/** Output of the stack with the name of the records bucket. */
export const RECORDS_OUTPUT = 'RecordsBucketName';
