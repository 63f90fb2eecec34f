import { storeTypeOf } from '#shared/config/registered.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { StackPlace } from '#shared/stores/store.ts';

/**
 * Checks the stores against the place of the stack, as far as it is known. The functions check them as well, because
 * only they always know it.
 *
 * @throws RelayError `ConfigurationInvalid` for a store that names the account or region of the stack itself.
 */
export const checkStores = (
  { stores }: Pick<RelayConfig, 'stores'>,
  types: RegisteredTypes,
  { account, region }: StackPlace,
): void => {
  for (const settings of Object.values(stores))
    storeTypeOf(types, settings).checkStack?.(settings, { account, region });
};
