import type { KnownWrong } from '../contract/aws/rows.ts';

const TAKES_OTHER_CONTENT = 'Takes it, and overwrites the version.';
const MOVES_LABELS_AGAIN = 'Moves the labels as if it were a new version: AWSCURRENT is on none afterwards.';
const KEEPS_WITHOUT_LABELS = 'Lists it all the same.';
const SAYS_EXISTS = 'Says ResourceExistsException.';
const IGNORES_ORDER = 'Takes no notice of the order asked for.';

/**
 * What each emulator gets wrong, by the service and the title of the row, in the versions that `requirements.txt` pins.
 * Each of these rows has to fail: take out what holds after an update. `docs/emulated.md` has them for readers.
 */
export const KNOWN_WRONG = {
  ministack: {
    'Secrets Manager': {
      'a created secret has its token as version id, under AWSCURRENT': 'Makes up its own version id.',
      'creating again with the same token and content changes nothing': 'Refuses, because it ignores the token.',
      'creating over a secret that is scheduled for deletion is refused as a request': SAYS_EXISTS,
      'a secret made without a value has none, and its first version becomes current whatever its label':
        'Makes a version without a value, and labels it AWSCURRENT.',
      'a value of 65,536 bytes fits and one byte more does not': 'Knows no limit.',
      'a name with other characters is refused': 'Takes any name.',
      'putting the same token and content again changes nothing': MOVES_LABELS_AGAIN,
      'putting the same token with other content is refused, and the version stays': TAKES_OTHER_CONTENT,
      'a label is on one version at a time': 'Leaves AWSPENDING on the version before.',
      'a version without labels is left out of every list unless asked for, and is still readable':
        'No version ever loses AWSPENDING to another.',
      'a version id together with a stage that it does not have is refused': 'Gives the value.',
      'AWSCURRENT cannot be taken away altogether': 'Takes it away.',
      'a version takes twenty labels': 'Knows no limit.',
      'a forced deletion frees the name at once, and an unknown secret is no error':
        'Does not find the unknown secret.',
      'filters match prefixes, all filters and any value of each': 'Filters by tag match whole words only.',
      'a filter that begins with an exclamation mark excludes': 'Takes the mark for a part of the name.',
      'the order by creation can be turned round': IGNORES_ORDER,
      'more than 100 results a page, and a made-up page token, are refused': 'Takes both.',
    },
    SQS: {
      'a deleted message is gone, and deleting it again is no error': 'Refuses a receipt that was used already.',
    },
    S3: {},
  },
  moto: {
    'Secrets Manager': {
      'creating over a secret that is scheduled for deletion is refused as a request': SAYS_EXISTS,
      'a value of 65,536 bytes fits and one byte more does not': 'Knows no limit.',
      'a name with other characters is refused': 'Takes any name.',
      'putting the same token and content again changes nothing': MOVES_LABELS_AGAIN,
      'putting the same token with other content is refused, and the version stays': TAKES_OTHER_CONTENT,
      'a label is on one version at a time': 'Describes a version without labels, too.',
      'a version without labels is left out of every list unless asked for, and is still readable':
        KEEPS_WITHOUT_LABELS,
      'a read without a stage gives what AWSCURRENT was moved to': 'Gives what was put as AWSCURRENT last.',
      'AWSCURRENT cannot be taken away altogether': 'Makes the version the previous one, and none current.',
      'a put as AWSCURRENT after a stage move makes the one before it previous':
        'AWSCURRENT is on two versions, and AWSPREVIOUS stays where it was.',
      'a version takes twenty labels': 'Knows no limit.',
      'a secret scheduled for deletion is described but neither read nor written': 'Is written.',
      'the order by creation can be turned round': IGNORES_ORDER,
      'more than 100 results a page, and a made-up page token, are refused':
        'Takes a larger page, and breaks down over the token.',
    },
    SQS: {},
    S3: {},
    'Step Functions': {
      'a whole number of percent is tolerated': 'Breaks down over the definition: it wants a decimal point.',
      'a definition that leads nowhere is refused': 'Takes it.',
      'executions without a name get names of their own': 'Names all of them None, and refuses the second.',
      'a Map fails when more of its children fail than it tolerates': 'Tolerates all of them, with null for an output.',
    },
  },
} as const satisfies Record<string, Record<string, KnownWrong>>;
