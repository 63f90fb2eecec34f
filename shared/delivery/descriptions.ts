import { shorten, showText } from '#shared/domain/text.ts';
import type { SecretStore } from '#shared/stores/store.ts';

/** Less than any store keeps beside a secret. */
const MAX_DESCRIPTION = 1000;

/**
 * A store whose descriptions are one line of at most 1,000 characters, whatever the names in them: people read them in consoles and
 * terminals. All else is as the store does it.
 */
export const showDescriptions = (store: SecretStore): SecretStore => ({
  ...store,
  deliver: (delivery) =>
    store.deliver({ ...delivery, description: shorten(showText(delivery.description), MAX_DESCRIPTION) }),
});
