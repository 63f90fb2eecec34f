import { spawnSync } from 'node:child_process';

/**
 * `npm run signatures`: lets npm check the registry's signature of every installed package. Where there are no keys to
 * check with (a mirror that serves none, a network without way to them) it says so: the hashes in the lockfile then
 * stand alone. Anything else that is not right fails.
 */

const NO_KEYS = [
  /request to \S*(tuf-repo-cdn\.sigstore\.dev|\/-\/npm\/v1\/keys)\S* failed/,
  /found no dependencies to audit that were installed from a supported registry/,
];

const { status, stdout, stderr } = spawnSync('npm', ['audit', 'signatures', '--fetch-retries=0'], { encoding: 'utf8' });
const isWithoutKeys = status !== 0 && NO_KEYS.some((pattern) => pattern.test(stdout + stderr));
if (isWithoutKeys) {
  console.log('NOT CHECKED: the keys that packages are signed with cannot be fetched here. Integrity hashes hold.');
} else {
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = status ?? 1;
}
