// Every screen that has a picture: how the fake host begins, and what is pressed to get there.

const id = (testid) => `[data-testid="${testid}"]`;
const press = (testid) => (page) => page.click(id(testid));
const row = (title) => `[data-testid="tree-row"][data-title="${title}"]`;
const statusOf = (status) => `?status=${encodeURIComponent(JSON.stringify(status))}`;
const LINK = `pursuance:${'k'.repeat(120)}`;
const CSV = [
  'id,parent,title,status,owner,started,finished,labels,notes',
  '1,,Rent a hall,done,Maya,2026-09-01,2026-09-04,event;money,',
  '2,1,Ask the shipyard,done,J. Bakker,2026-09-01,2026-09-02,event,',
  '3,1,Sign the contract,doing,Maya,2026-09-03,,money,',
  '4,,Find speakers,open,,,,event,',
  '5,4,Somebody from the union,suggested,,,,,',
].join('\n');

async function paste(page, testid, text) {
  await page.fill(id(testid), text);
}

async function big(page) {
  await press('nav-settings')(page);
  await press('text-200')(page);
  await press('nav-tree')(page);
  await page.waitForSelector(id('tree-row'));
}
async function filter(page, text) {
  await page.keyboard.press('f');
  await page.keyboard.type(text);
  await page.waitForFunction(() => document.querySelector('[data-testid="tree-matching"]')?.dataset.matching !== '' || document.querySelector('[data-testid="tree-empty"]') !== null);
  await page.waitForTimeout(80);
}
async function importing(page) {
  await press('nav-import')(page);
  await paste(page, 'import-text', `title,status,owner\n${Array.from({ length: 312 }, (_, i) => `Folder ${i + 1},open,w${i % 20}`).join('\n')}`);
  await page.waitForSelector(id('import-result'));
  await press('import-commit')(page);
  await page.waitForFunction(() => Number(document.querySelector('[data-testid="import-running"]')?.dataset.done ?? 0) > 0);
  await page.locator(id('import-running')).scrollIntoViewIfNeeded();
}
async function backup(page) {
  await press('nav-settings')(page);
  await press('backup-open')(page);
  await paste(page, 'backup-passphrase', 'seven wet');
  await paste(page, 'backup-again', 'seven wet');
  await press('backup-submit')(page);
  await page.waitForSelector(id('backup-passphrase-fault'));
  await page.locator(id('backup-submit')).scrollIntoViewIfNeeded();
}
async function meet(page, name) {
  await press('nav-people')(page);
  await page.waitForSelector(id('member'));
  await page.click(`[data-testid="member"][data-name^="${name}"] button`);
  await page.waitForSelector(id('person-name'));
}
async function arrested(page, name) {
  await press('nav-people')(page);
  await press('arrested-open')(page);
  await page.selectOption(id('arrested-who'), { label: name });
  await page.waitForSelector(id('arrested-not'));
}
async function damaged(page) {
  await paste(page, 'passphrase', 'seven wet horses');
  await press('unlock-submit')(page);
  await page.waitForSelector(id('damaged'));
}

/** name, query of the fake host, what must be there first, steps. */
export const SCREENS = [
  { name: '01-welcome', query: '?stage=fresh' },
  { name: '02-vault', query: '?stage=fresh', steps: async (page) => {
    await press('welcome-start')(page);
    await paste(page, 'passphrase', 'seven wet');
    await paste(page, 'passphrase-again', 'seven wet');
    await press('vault-create')(page);
    await page.waitForSelector(id('passphrase-fault'));
  } },
  { name: '03-unlock', query: '?stage=locked', steps: async (page) => {
    await paste(page, 'passphrase', 'wrong one');
    await press('unlock-submit')(page);
    await page.waitForSelector(id('passphrase-fault'));
  } },
  { name: '04-damaged', query: '?trouble=damaged', ready: id('start-trouble') },
  { name: '05-newer', query: '?trouble=newerFile', ready: id('start-trouble') },
  { name: '06-nothing-yet', query: '?empty' },
  { name: '07-start', query: '?empty', steps: async (page) => {
    await press('welcome-start')(page);
    await paste(page, 'start-name', 'Harbour for all');
    await paste(page, 'start-relay', 'relay.example.org');
    await paste(page, 'start-mission', 'Keep the east quay open');
    await paste(page, 'start-my-name', 'Noor');
    await press('start-submit')(page);
    await page.waitForSelector(id('start-relay-fault'));
  } },
  { name: '08-join-truncated', query: '?empty', steps: async (page) => {
    await press('welcome-invite')(page);
    await paste(page, 'join-link', 'pursuance:kk');
    await press('join-open')(page);
    await page.waitForSelector(id('join-link-fault'));
  } },
  { name: '09-looking', query: '?empty&invite=looking' },
  { name: '10-preview', query: '?empty', steps: async (page) => {
    await press('welcome-invite')(page);
    await paste(page, 'join-link', LINK);
    await press('join-open')(page);
    await page.waitForSelector(id('preview'));
  } },
  { name: '11-used-up', query: '?empty&invite=usedUp' },
  { name: '12-waiting', query: '?empty&invite=waiting' },
  { name: '13-tree', query: '' },
  { name: '14-task', query: '', steps: async (page) => { await page.click(row('Find out who owns the east quay')); await page.waitForSelector(id('task-title')); } },
  { name: '15-task-other-values', query: '', steps: async (page) => { await page.click(row('Hand in the objection at the town hall')); await page.waitForSelector(id('task-other-titles')); } },
  { name: '16-task-imported', query: '', steps: async (page) => { await page.click(row('Measure noise on the quay at night')); await page.waitForSelector(id('task-imported')); } },
  { name: '17-quick-add', query: '', steps: async (page) => { await page.keyboard.press('c'); await page.keyboard.type('Photograph the permits @Maya #field #photo @nobody'); await page.waitForSelector(id('chip-label')); } },
  { name: '18-quick-add-people', query: '', steps: async (page) => { await page.click(row('Book the canteen')); await page.waitForSelector(id('task-title')); await page.keyboard.press('o'); await page.keyboard.type('Ask for the key @b'); await page.waitForSelector('.suggest'); } },
  { name: '19-row-edit', query: '', steps: async (page) => { await page.keyboard.press('ArrowDown'); await page.keyboard.press('ArrowDown'); await page.keyboard.press('e'); await page.waitForSelector(id('row-edit')); } },
  { name: '20-refused', query: '?role=2', steps: async (page) => {
    await page.click(row('Get copies of the land register pages'));
    await page.waitForSelector(id('task-title'));
    await page.keyboard.press('Delete');
    await page.waitForSelector(id('notice'));
  } },
  { name: '21-status-picker', query: '', steps: async (page) => { await page.keyboard.press('ArrowDown'); await page.keyboard.press('s'); await page.waitForSelector(id('picker')); } },
  { name: '22-assign-picker', query: '', steps: async (page) => { await page.keyboard.press('ArrowDown'); await page.keyboard.press('a'); await page.waitForSelector(id('picker')); } },
  { name: '23-palette', query: '', steps: async (page) => { await page.keyboard.press('Control+k'); await page.waitForSelector(id('picker')); } },
  { name: '24-keys', query: '', steps: async (page) => { await page.keyboard.press('?'); await page.waitForSelector(id('keys')); } },
  { name: '25-people', query: '', steps: async (page) => { await press('nav-people')(page); await page.waitForSelector(id('rules')); } },
  { name: '26-invites', query: '', steps: async (page) => {
    await press('nav-invites')(page);
    await page.waitForSelector(id('invite-create'));
    await press('invite-create')(page);
    await page.waitForSelector(id('invite-link'));
  } },
  { name: '27-relays', query: statusOf({ code: 'unreachable', sinceSeconds: Math.floor(Date.now() / 1000) - 900, kept: 6, retrySeconds: 120 }), steps: async (page) => { await press('nav-relays')(page); await page.waitForSelector(id('relay')); } },
  { name: '28-import', query: '', steps: async (page) => { await press('nav-import')(page); await paste(page, 'import-text', CSV); await page.waitForSelector(id('import-result')); await page.locator(id('import-commit')).scrollIntoViewIfNeeded(); } },
  { name: '29-import-problems', query: '', steps: async (page) => { await press('nav-import')(page); await paste(page, 'import-text', `${CSV}\n6,99,Lost,open,,,,,\n7,,,open,,,,,\n8,,Odd,maybe,,,,,`); await page.waitForSelector(id('import-problems')); await page.locator(id('import-commit')).scrollIntoViewIfNeeded(); } },
  { name: '30-settings', query: statusOf({ code: 'torStarting', percent: 40, kept: 0 }), steps: async (page) => { await press('nav-settings')(page); await page.waitForSelector(id('offline')); } },
  { name: '31-empty-tree', query: '', steps: async (page) => { await page.click('[data-testid="rail-pursuance"] >> nth=1'); await page.waitForSelector(id('tree-empty')); } },
  { name: '32-many', query: '?rows=3127', steps: async (page) => {
    await page.focus('[role="tree"]');
    await page.keyboard.press('End');
    await page.waitForSelector(row('Folder 3127: read and note what it holds'));
    const rows = await page.locator(id('tree-row')).count();
    if (rows > 80) throw new Error(`${rows} rows exist at once`);
  } },
  { name: '32b-speed', query: '?rows=3127', steps: async (page) => {
    await page.focus('[role="tree"]');
    const spent = await page.evaluate(async () => {
      const worst = { step: 0, filter: 0 };
      const drawn = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
      const tree = document.querySelector('[role="tree"]');
      for (let i = 0; i < 40; i++) {
        const begun = performance.now();
        tree.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true, cancelable: true }));
        await Promise.resolve();
        worst.step = Math.max(worst.step, performance.now() - begun);
        await drawn();
      }
      const filter = document.querySelector('[data-testid="tree-filter"]');
      for (const text of ['f', 'fo', 'fol', 'folder 31', '#arch', '']) {
        const begun = performance.now();
        filter.value = text;
        filter.dispatchEvent(new InputEvent('input', { bubbles: true }));
        await new Promise((resolve) => setTimeout(resolve, 0));
        void document.body.offsetHeight;
        worst.filter = Math.max(worst.filter, performance.now() - begun);
        await drawn();
      }
      return worst;
    });
    console.log(`3,127 rows: a step takes at most ${spent.step.toFixed(1)} ms, a letter in the filter ${spent.filter.toFixed(1)} ms`);
  } },
  { name: '32c-endless-words', query: '', steps: async (page) => {
    await page.keyboard.press('c');
    await page.fill(id('quick-add'), `${'endless'.repeat(60)} \u202E<b>not bold</b> #${'label'.repeat(14)}`);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Enter');
    await page.waitForSelector(id('task-title'));
  } },
  { name: '40-many-tasks', query: '?rows=3127', steps: async (page) => { await page.keyboard.press('PageDown'); await page.waitForTimeout(80); } },
  { name: '41-many-with-panel', query: '?rows=3127', steps: async (page) => { await page.keyboard.press('j'); await page.keyboard.press('Enter'); await page.waitForSelector(id('task-title')); } },
  { name: '42-filter', query: '?rows=3127', steps: async (page) => { await filter(page, 'letters'); } },
  { name: '43-filter-chips', query: '', steps: async (page) => { await press('filter-active')(page); await press('filter-overdue')(page); await page.waitForTimeout(120); } },
  { name: '44-filter-nothing', query: '?rows=3127', steps: async (page) => { await filter(page, 'no such folder'); } },
  { name: '45-filter-label', query: '', steps: async (page) => { await press('filter-label')(page); await page.waitForSelector(id('filter-label-option')); } },
  { name: '46-due', query: '', steps: async (page) => { await page.click(row('Find out who owns the east quay')); await page.waitForSelector(id('task-title')); await page.keyboard.press('d'); await page.keyboard.type('3 dec'); await page.waitForSelector(id('due-option')); } },
  { name: '46b-due-list', query: '', steps: async (page) => { await page.keyboard.press('j'); await page.keyboard.press('j'); await page.keyboard.press('d'); await page.waitForSelector(id('due-option')); } },
  { name: '47-priority', query: '', steps: async (page) => { await page.keyboard.press('j'); await page.keyboard.press('p'); await page.waitForSelector(id('picker')); } },
  { name: '48-quick-add-day', query: '', steps: async (page) => { await page.keyboard.press('c'); await page.keyboard.type('Photograph the permits @Maya #field !1 fri'); await page.waitForSelector(id('chip-due')); } },
  { name: '49-overdue-task', query: '', steps: async (page) => { await page.click(row('Have the draft read by somebody who knows environmental law')); await page.waitForSelector(id('task-title')); } },
  { name: '50-import-running', query: '?importStep=1500', steps: importing },
  { name: '51-import-elsewhere', query: '?importStep=1500', steps: async (page) => { await importing(page); await press('nav-tree')(page); await page.waitForSelector(id('tree-row')); } },
  { name: '52-arriving', query: '?arriving&rows=812', steps: async (page) => { await page.waitForSelector(id('arriving')); } },
  { name: '53-export', query: '', steps: async (page) => { await press('nav-import')(page); await press('export-write')(page); await page.waitForSelector(id('export-done')); await page.locator(id('export-done')).scrollIntoViewIfNeeded(); } },
  { name: '54-backup', query: '', steps: backup },
  { name: '54b-settings-backup', query: '', steps: async (page) => { await press('nav-settings')(page); await page.waitForSelector(id('backup-open')); } },
  { name: '55-restore', query: '?stage=fresh', steps: async (page) => { await press('welcome-restore')(page); await paste(page, 'restore-path', '/media/stick/pursuance.zip'); await press('restore-submit')(page); await page.waitForSelector(id('restore-path-fault')); } },
  { name: '56-damaged', query: '?stage=locked&unlock=damaged', steps: damaged },
  { name: '56b-rescued', query: '?stage=locked&unlock=damaged', steps: async (page) => { await damaged(page); await press('rescue-submit')(page); await page.waitForSelector(id('rescue-done')); await page.locator(id('rescue-done')).scrollIntoViewIfNeeded(); } },
  { name: '57-disk-full', query: '?storage=full', steps: async (page) => { await page.keyboard.press('c'); await page.keyboard.type('Not lost'); await page.keyboard.press('Enter'); await page.waitForSelector(id('quick-add-fault')); } },
  { name: '58-read-only', query: '?storage=readOnly' },
  { name: '59-damaged-while-open', query: '?storage=damaged' },
  { name: '60-overtaken', query: statusOf({ code: 'overtaken' }) },
  { name: '61-in-use', query: '?trouble=inUse', ready: id('start-trouble') },
  { name: '62-disk-at-start', query: '?trouble=diskFull', ready: id('start-trouble') },
  { name: '70-big-many', query: '?rows=3127', steps: async (page) => { await big(page); await page.keyboard.press('j'); } },
  { name: '71-big-filter', query: '?rows=3127', steps: async (page) => { await big(page); await filter(page, 'letters'); } },
  { name: '72-big-import', query: '', steps: async (page) => { await big(page); await press('nav-import')(page); await paste(page, 'import-text', CSV); await page.waitForSelector(id('import-columns')); await page.locator(id('import-columns')).scrollIntoViewIfNeeded(); } },
  { name: '73-big-disk-full', query: '?storage=full', steps: big },
  { name: '74-big-backup', query: '', steps: async (page) => { await big(page); await backup(page); } },
  { name: '75-big-due', query: '', steps: async (page) => { await big(page); await page.keyboard.press('j'); await page.keyboard.press('d'); await page.waitForSelector(id('due-option')); } },
  { name: '76-big-damaged', query: '?stage=locked&unlock=damaged', steps: async (page) => { await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; }); await damaged(page); } },
  { name: '77-big-task', query: '', steps: async (page) => { await big(page); await page.click(row('Find out who owns the east quay')); await page.waitForSelector(id('task-title')); await page.locator(id('task-priority')).scrollIntoViewIfNeeded(); } },
  { name: '80-people-busy', query: '?busy', steps: async (page) => { await press('nav-people')(page); await page.waitForSelector(id('waiting-room')); } },
  { name: '81-person', query: '?busy', steps: async (page) => { await meet(page, 'Ilse van der Meer'); } },
  { name: '82-person-long', query: '?busy', steps: async (page) => { await meet(page, 'Maximiliane'); } },
  { name: '83-person-two-histories', query: '?busy', steps: async (page) => { await meet(page, 'Ben'); } },
  { name: '84-person-refused', query: '?busy&role=2', steps: async (page) => { await meet(page, 'Maya'); } },
  { name: '85-remove', query: '?busy', steps: async (page) => { await meet(page, 'Ben'); await press('person-remove')(page); await page.waitForSelector(id('remove-effects')); } },
  { name: '86-remove-propose-long', query: '?busy', steps: async (page) => { await meet(page, 'Maximiliane'); await press('person-remove')(page); await page.waitForSelector(id('remove-effects')); } },
  { name: '87-remove-refused', query: '?busy&role=2', steps: async (page) => { await meet(page, 'Maya'); await press('person-remove')(page); await page.waitForSelector(id('remove-why')); } },
  { name: '88-leave', query: '', steps: async (page) => { await meet(page, 'Noor'); await press('leave-open')(page); await page.waitForSelector(id('leave')); } },
  { name: '89-arrested', query: '?busy', steps: async (page) => { await arrested(page, 'Ilse van der Meer'); } },
  { name: '90-arrested-after', query: '?busy', steps: async (page) => { await arrested(page, 'Kees'); await page.locator(id('held')).scrollIntoViewIfNeeded(); } },
  { name: '91-inbox', query: '?busy', steps: async (page) => { await press('nav-inbox')(page); await page.waitForSelector(id('held')); } },
  { name: '91b-inbox-held', query: '?busy', steps: async (page) => { await press('nav-inbox')(page); await page.waitForSelector(id('held')); await page.locator(id('held-refuse')).first().click(); await page.waitForSelector(id('refused')); await page.locator(id('refused')).scrollIntoViewIfNeeded(); } },
  { name: '92-inbox-empty', query: '?role=2', steps: async (page) => { await page.keyboard.press('g'); await page.keyboard.press('i'); await page.waitForSelector(id('inbox-empty')); } },
  { name: '93-decisions', query: '?busy', steps: async (page) => { await press('nav-decisions')(page); await page.waitForSelector(id('decision')); } },
  { name: '94-decisions-none', query: '', steps: async (page) => { await press('nav-decisions')(page); await page.waitForSelector(id('decisions-none')); } },
  { name: '95-invites-busy', query: '?busy', steps: async (page) => { await press('nav-invites')(page); await press('invite-review-yes')(page); await page.waitForSelector(id('invites-past')); await page.locator(id('invites-past')).scrollIntoViewIfNeeded(); } },
  { name: '96-waiting-reviewed', query: '?empty&invite=reviewed' },
  { name: '97-preview-reviewed', query: '?empty&invite=review' },
  { name: '98-big-person', query: '?busy', steps: async (page) => { await big(page); await meet(page, 'Maximiliane'); } },
  { name: '99-big-remove', query: '?busy', steps: async (page) => { await big(page); await meet(page, 'Ben'); await press('person-remove')(page); await page.waitForSelector(id('remove-effects')); } },
  { name: '33-two-histories', query: statusOf({ code: 'twoHistories', by: 'Ben' }) },
  { name: '34-big-text', query: '', steps: async (page) => {
    await press('nav-settings')(page);
    await press('text-200')(page);
    await press('nav-tree')(page);
    await page.waitForSelector(id('tree-row'));
  } },
  { name: '35-big-text-task', query: '', steps: async (page) => {
    await press('nav-settings')(page);
    await press('text-200')(page);
    await press('nav-tree')(page);
    await page.click(row('Find out who owns the east quay'));
    await page.waitForSelector(id('task-title'));
  } },
  { name: '36-right-to-left', query: '', steps: async (page) => {
    await page.evaluate(() => { document.documentElement.dir = 'rtl'; });
    await page.click(row('Find out who owns the east quay'));
    await page.waitForSelector(id('task-title'));
  } },
];
