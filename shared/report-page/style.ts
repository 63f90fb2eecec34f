/** Style sheet of the page of a run. The content security policy of the page contains its hash. */
export const STYLE = `
:root { color-scheme: light dark; --text: #1b1f24; --soft: #57606a; --page: #ffffff; --line: #d0d7de;
  --good: #1a7f37; --quiet: #8c959f; --waiting: #bf8700; --bad: #cf222e; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --soft: #9da7b3; --page: #0d1117; --line: #30363d;
    --good: #3fb950; --quiet: #6e7681; --waiting: #d29922; --bad: #f85149; }
}
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem; }
h1 { font-size: 1.6rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin-top: 2rem; }
.status { font-size: 1rem; font-weight: 600; border: 1px solid var(--line); border-radius: 1rem; padding: 0.15rem 0.75rem; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1rem; margin: 1.5rem 0; }
dt { color: var(--soft); font-size: 0.85rem; }
dd { margin: 0; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: 1.75rem; border-radius: 0.375rem; overflow: hidden; }
rect.good { fill: var(--good); } rect.quiet { fill: var(--quiet); }
rect.waiting { fill: var(--waiting); } rect.bad { fill: var(--bad); }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; list-style: none; padding: 0; }
.legend span { display: inline-block; width: 0.75rem; height: 0.75rem; border-radius: 0.2rem; margin-right: 0.5rem; }
span.good { background: var(--good); } span.quiet { background: var(--quiet); }
span.waiting { background: var(--waiting); } span.bad { background: var(--bad); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.5rem 1rem 0.5rem 0; border-bottom: 1px solid var(--line); }
th:first-child { width: 14rem; overflow-wrap: anywhere; }
th:nth-child(2) { width: 8rem; }
td:last-child { overflow-wrap: anywhere; }
`;
