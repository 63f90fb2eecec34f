import type { KnownWrong } from '../contract/aws/rows.ts';

const ACCEPTS_OTHER_CONTENT = 'Accepts it and overwrites the version.';
const MOVES_LABELS_AGAIN = 'Moves the labels as for a new version; no version has AWSCURRENT afterwards.';
const LISTS_WITHOUT_LABELS = 'Lists it nevertheless.';
const ANSWERS_EXISTS = 'Answers with ResourceExistsException.';
const IGNORES_REPLICAS = 'Ignores the replicas of a creation.';
const IGNORES_ORDER = 'Ignores the requested order.';

/**
 * Known deviations of each emulator, by service and row title, in the versions that `requirements.txt` pins. Each of
 * these rows must fail: remove those that pass after an update. `docs/emulated.md` lists them.
 */
export const KNOWN_DEVIATIONS = {
  ministack: {
    'Secrets Manager': {
      'a created secret has its token as version id, under AWSCURRENT': 'Generates its own version id.',
      'creating again with the same token and content changes nothing': 'Refuses, because it ignores the token.',
      'creating over a secret that is scheduled for deletion is refused as a request': ANSWERS_EXISTS,
      'a secret created without a value has none, and its first version becomes current under any label':
        'Creates a version without a value, labelled AWSCURRENT.',
      'a value of 65,536 bytes fits and one byte more does not': 'Enforces no limit.',
      'a name with other characters is refused': 'Accepts any name.',
      'putting the same token and content again changes nothing': MOVES_LABELS_AGAIN,
      'putting the same token with other content is refused, and the version stays': ACCEPTS_OTHER_CONTENT,
      'a label is on one version at a time': 'Leaves AWSPENDING on the previous version.',
      'a version without labels is omitted from every list unless requested, and remains readable':
        'Never removes AWSPENDING from a version.',
      'a version id together with a stage that it does not have is refused': 'Returns the value.',
      'AWSCURRENT cannot be taken away altogether': 'Removes it.',
      'a version can have twenty labels': 'Enforces no limit.',
      'a forced deletion frees the name immediately, and succeeds for an unknown secret':
        'Answers that the unknown secret does not exist.',
      'filters match prefixes, all filters and any value of each': 'Filters by tag match whole words only.',
      'a filter that begins with an exclamation mark excludes': 'Treats the mark as part of the name.',
      'the order by creation can be reversed': IGNORES_ORDER,
      'more than 100 results a page, and a made-up page token, are refused': 'Accepts both.',
    },
    'Parameter Store': {
      'the history has pages of 50, and the oldest version goes after 100': 'Keeps all versions.',
      'a SecureString does not replace a String': 'Replaces it.',
      'the standard tier holds 4,096 bytes and the advanced tier 8,192': 'Enforces no limit.',
      'an advanced parameter does not return to the standard tier': 'Moves it back.',
      'an empty value is refused': 'Accepts it.',
      'a value with a reference to a parameter is refused': 'Accepts it.',
      'a description has at most 1,024 characters': 'Enforces no limit.',
      'a name with other characters is refused': 'Accepts any name.',
      'a name in a folder begins with a slash': 'Accepts any name.',
      'a name has at most 15 levels': 'Enforces no limit.',
      'a name has at most 1,011 characters with its ARN': 'Enforces no limit.',
      'an unknown parameter has no tags, and takes none': 'Answers with an empty list, and takes tags.',
      'a filter by tag matches the whole value': 'Ignores filters by tag.',
      'more than 50 results a page are refused': 'Accepts a larger page.',
    },
    'Secrets Manager replicas': {
      'a secret created with a replica can be read in its region, under the same version id': IGNORES_REPLICAS,
      'the list of the region of a replica shows the region of its primary secret': IGNORES_REPLICAS,
      'a replica is read-only': IGNORES_REPLICAS,
      'a replica fails with a message if its name is taken, and the primary secret is created': IGNORES_REPLICAS,
      'a secret with replicas cannot be deleted until they are removed': IGNORES_REPLICAS,
    },
    SQS: {
      'a deleted message is gone, and a second deletion succeeds': 'Refuses a receipt that was already used.',
    },
    S3: {},
  },
  moto: {
    'Secrets Manager': {
      'creating over a secret that is scheduled for deletion is refused as a request': ANSWERS_EXISTS,
      'a value of 65,536 bytes fits and one byte more does not': 'Enforces no limit.',
      'a name with other characters is refused': 'Accepts any name.',
      'putting the same token and content again changes nothing': MOVES_LABELS_AGAIN,
      'putting the same token with other content is refused, and the version stays': ACCEPTS_OTHER_CONTENT,
      'a label is on one version at a time': 'Also describes versions without labels.',
      'a version without labels is omitted from every list unless requested, and remains readable':
        LISTS_WITHOUT_LABELS,
      'a read without a stage returns the version under AWSCURRENT':
        'Returns the last value that was put as AWSCURRENT.',
      'AWSCURRENT cannot be taken away altogether': 'Makes the version AWSPREVIOUS and leaves none current.',
      'a put as AWSCURRENT after a stage move makes the one before it previous':
        'AWSCURRENT is on two versions, and AWSPREVIOUS stays where it was.',
      'a version can have twenty labels': 'Enforces no limit.',
      'a secret scheduled for deletion can be described, but neither read nor written': 'Accepts writes to it.',
      'the order by creation can be reversed': IGNORES_ORDER,
      'more than 100 results a page, and a made-up page token, are refused':
        'Accepts a larger page, and crashes on the token.',
    },
    'Parameter Store': {
      'a SecureString does not replace a String': 'Replaces it.',
      'the standard tier holds 4,096 bytes and the advanced tier 8,192': 'Enforces no limit.',
      'an advanced parameter does not return to the standard tier': 'Moves it back.',
      'a value with a reference to a parameter is refused': 'Accepts it.',
      'a description has at most 1,024 characters': 'Enforces no limit.',
      'a name with other characters is refused': 'Accepts any name.',
      'a name in a folder begins with a slash': 'Accepts any name.',
      'a name has at most 15 levels': 'Enforces no limit.',
      'a name has at most 1,011 characters with its ARN': 'Enforces no limit.',
      'pages together hold each parameter once': 'Always returns pages of ten.',
      'more than 50 results a page are refused': 'Accepts a larger page.',
    },
    'Secrets Manager replicas': {},
    SQS: {},
    S3: {},
    'Step Functions': {
      'a whole number of percent is tolerated': 'Fails to parse the definition: it requires a decimal point.',
      'a definition that leads nowhere is refused': 'Accepts it.',
      'executions without a name get names of their own': 'Names all of them "None" and refuses the second.',
      'a Map fails when more of its children fail than it tolerates':
        'Tolerates all failures, with null as the output.',
    },
  },
} as const satisfies Record<string, Record<string, KnownWrong>>;
