/**
 * Loaded before every command of package.json that runs a source. Node before 22.18 can't run TypeScript and stops with
 * ERR_UNKNOWN_FILE_EXTENSION, which does not tell what to do. JavaScript, because such a Node has to run it.
 */
if (process.features.typescript === undefined || process.features.typescript === false) {
  console.error(
    `Node ${process.versions.node} (${process.execPath}) can't run the sources, which are TypeScript. ` +
      'The project brings its own Node: npm ci && npm start. ' +
      'If that was done with --ignore-scripts, install it: npm rebuild node',
  );
  process.exit(1);
}
