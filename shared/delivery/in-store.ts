import { prefixed, type RelayError } from '#shared/errors.ts';

/** Adds the name of the store to the error of a target, because two stores can have a secret of the same name. Pure. */
export const inStore = (store: string, error: RelayError): RelayError => prefixed(`Store ${store}`, error);
