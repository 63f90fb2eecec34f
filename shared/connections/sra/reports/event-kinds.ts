/**
 * Kinds of event of the Vault account activity. Few of the site's texts are documented (reference:
 * sra-and-secretsafe-api.md, A4), so each kind has the forms that they can take. Whatever matches none is `unknown`: it
 * can be a change, or the end of a check-out.
 */
export type EventKind =
  | 'changed'
  | 'created'
  | 'deleted'
  | 'rotationFailed'
  | 'used'
  | 'checkedOut'
  | 'checkedIn'
  | 'unknown';

const CREDENTIAL = '(account |vault account )?(passwords?|credentials?|keys?|private keys?|ssh keys?|tokens?|secrets?)';

const FORMS: readonly (readonly [EventKind, RegExp])[] = [
  ['checkedOut', /^(account |credentials? |passwords? )?check(ed)?[ -]?out$/],
  [
    'checkedIn',
    /^(account |credentials? |passwords? )?((force[d]?|forcibly|force-|automatic(ally)?) ?)?check(ed)?[ -]?in( ?\(?(by force|forced|forcibly|automatic(ally)?)\)?)?$/,
  ],
  ['used', /^credentials? (used|injected)$/],
  ['rotationFailed', new RegExp(`^(${CREDENTIAL} )?(rotation|rotate) (failed|failure|error)$`)],
  ['changed', new RegExp(`^${CREDENTIAL} (changed|rotated|updated)$`)],
  ['changed', new RegExp(`^(${CREDENTIAL} )?rotation (succeeded|success|successful|completed)$`)],
  ['created', /^account (created|added|imported)$/],
  ['deleted', /^account (deleted|removed)$/],
];

/** Kind of an event by its text, in any case. Pure. */
export const kindOf = (eventType: string): EventKind => {
  const text = eventType.trim().replace(/\s+/g, ' ').toLowerCase();
  return FORMS.find(([, form]) => form.test(text))?.[0] ?? 'unknown';
};
