import { Token } from 'aws-cdk-lib';
import { storeTypeOf } from '#shared/config/registered.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { RelayConfig } from '#shared/config/schema.ts';

/** Place of a stack. Each part can be a token, which CloudFormation resolves, or undefined. */
interface Place {
  readonly account: string | undefined;
  readonly region: string | undefined;
}

const known = (text: string | undefined): string | undefined => (Token.isUnresolved(text) ? undefined : text);

/**
 * Checks the stores against the place of the stack, as far as it is known. The functions check them as well, because
 * only they always know it.
 *
 * @throws RelayError `ConfigurationInvalid` for a store that names the account or region of the stack itself.
 */
export const checkStores = (
  { stores }: Pick<RelayConfig, 'stores'>,
  types: RegisteredTypes,
  { account, region }: Place,
): void => {
  const place = { account: known(account), region: known(region) };
  for (const settings of Object.values(stores)) storeTypeOf(types, settings).checkStack?.(settings, place);
};
