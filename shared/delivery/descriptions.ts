import { shorten, showText } from '#shared/domain/text.ts';
import type { SecretStore } from '#shared/stores/store.ts';

/** Below the description limit of every store. */
const MAX_DESCRIPTION = 1000;

/**
 * Limits the descriptions that a store receives to one line of at most 1,000 characters, whatever names they contain,
 * because people read them in consoles and terminals.
 */
export const limitDescriptions = (store: SecretStore): SecretStore => ({
  ...store,
  deliver: (delivery) =>
    store.deliver({ ...delivery, description: shorten(showText(delivery.description), MAX_DESCRIPTION) }),
});
