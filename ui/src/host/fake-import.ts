// The fake's reading of lists: enough to show the preview, its problems and its commit. The real one is the node's.
import type { ImportColumn, ImportField, ImportPreview, ImportProblem, Person, Status } from './bindings';
import { fakeId, newTask, type FakeTask } from './fake-world';

const FIELDS: readonly ImportField[] = ['id', 'title', 'body', 'status', 'owner', 'started', 'finished', 'labels', 'parent', 'due', 'priority', 'asked', 'created'];
const STATUSES: readonly Status[] = ['suggested', 'open', 'doing', 'review', 'done', 'dropped'];
const PREVIEW_ROWS = 12;

type Read = { preview: ImportPreview; tasks: FakeTask[] };

/** What a text would become. */
export function readList(file: string, text: string, fields: (ImportField | null)[] | null, creator: Person): Read {
  const read = /^\s*[[{]/.test(text) ? readJson(text, creator) : readCsv(text, fields, creator);
  for (const task of read.tasks) task.origin = { file, source: read.preview.format === 'trello' ? 'Trello: Harbour' : '', id: '', by: '', created: '', people: [] };
  return read;
}

type Card = { title?: string; name?: string; description?: string; idMembers?: string[]; comments?: { by: string; text: string }[] };

function readJson(text: string, creator: Person): Read {
  const preview: ImportPreview = { format: 'json', tasks: 0, nested: 0, comments: 0, columns: [], rows: [], leftOut: [], problems: [], refusal: null };
  let said: { tasks?: Card[]; cards?: Card[] } | Card[];
  try {
    said = JSON.parse(text) as typeof said;
  } catch {
    preview.problems.push({ line: 1, task: null, reason: 'notJson' });
    return { preview, tasks: [] };
  }
  const cards = Array.isArray(said) ? said : (said.tasks ?? said.cards ?? null);
  if (cards === null) {
    preview.problems.push({ line: 1, task: null, reason: 'unknownFile' });
    return { preview, tasks: [] };
  }
  preview.format = Array.isArray(said) ? 'taskwarrior' : said.cards === undefined ? 'json' : 'trello';
  if (preview.format === 'trello') preview.leftOut = [{ what: 'attachments', count: 2 }, { what: 'templates', count: 1 }, { what: 'history', count: 40 }, { what: 'hours', count: 3 }, { what: 'filed', count: 1 }];
  if (preview.format === 'taskwarrior') preview.leftOut = [{ what: 'patterns', count: 1 }, { what: 'dates', count: 1 }, { what: 'relations', count: 2 }, { what: 'customFields', count: 7 }];
  const tasks: FakeTask[] = [];
  cards.forEach((card, i) => {
    const title = card.title ?? card.name ?? card.description ?? '';
    if (title === '') { preview.problems.push({ line: 0, task: i + 1, reason: 'noTitle' }); return; }
    const thread = (card.comments ?? []).map((comment) => ({ entry: fakeId(32, `quote ${title}`), by: creator, quoted: { by: comment.by, claimedSeconds: 1_790_935_200 }, text: comment.text, claimedSeconds: Math.floor(Date.now() / 1000), delivery: 'kept' as const }));
    tasks.push(newTask({ task: fakeId(16, `import ${i} ${title} ${Math.random()}`), parent: null, title, creator, status: 'open', delivery: 'kept', thread }));
    preview.comments += thread.length;
  });
  preview.tasks = tasks.length;
  preview.rows = tasks.slice(0, PREVIEW_ROWS).map((task) => ({ depth: 0, title: task.title, status: task.status, owner: null, labels: [] }));
  return { preview, tasks };
}

function readCsv(csv: string, fields: (ImportField | null)[] | null, creator: Person): Read {
  const lines = csv.split(/\r?\n/).map(cells).filter((line) => line.some((cell) => cell !== ''));
  const columns: ImportColumn[] = (lines[0] ?? []).map((header, i) => ({ header, field: fields === null ? (FIELDS.find((field) => field === header.trim().toLowerCase()) ?? null) : (fields[i] ?? null) }));
  const column = (field: ImportField): number => columns.findIndex((each) => each.field === field);
  const problems: ImportProblem[] = [];
  const preview: ImportPreview = { format: 'csv', tasks: 0, nested: 0, comments: 0, columns, rows: [], leftOut: [], problems, refusal: null };
  const chosen = columns.flatMap((each) => (each.field === null ? [] : [each.field]));
  if (new Set(chosen).size < chosen.length) {
    problems.push({ line: 1, task: null, reason: 'fieldTwice' });
    return { preview, tasks: [] };
  }
  if (column('title') === -1) {
    problems.push({ line: 1, task: null, reason: 'noTitleColumn' });
    return { preview, tasks: [] };
  }
  const tasks: FakeTask[] = [];
  const byId = new Map<string, FakeTask>();
  lines.slice(1).forEach((line, i) => {
    const cell = (field: ImportField): string => line[column(field)]?.trim() ?? '';
    const at = i + 2;
    const status = cell('status') === '' ? 'open' : STATUSES.find((each) => each === cell('status').toLowerCase());
    const parent = cell('parent');
    if (cell('title') === '') problems.push({ line: at, task: null, reason: 'noTitle' });
    else if (status === undefined) problems.push({ line: at, task: null, reason: 'unknownStatus' });
    else if (parent !== '' && !byId.has(parent)) problems.push({ line: at, task: null, reason: 'unknownParent' });
    else if (cell('id') !== '' && byId.has(cell('id'))) problems.push({ line: at, task: null, reason: 'duplicateId' });
    else {
      const task = newTask({
        task: fakeId(16, `import ${at} ${cell('title')} ${Math.random()}`), parent: byId.get(parent)?.task ?? null, title: cell('title'), creator, status,
        body: cell('body'), ownerText: cell('owner') || null, started: cell('started') || null, finished: cell('finished') || null,
        labels: cell('labels').split(';').map((label) => label.trim()).filter((label) => label !== ''), delivery: 'kept',
        due: /^\d{4}-\d{2}-\d{2}$/.test(cell('due')) ? cell('due') : null, priority: Number(cell('priority')) || 0,
      });
      tasks.push(task);
      if (cell('id') !== '') byId.set(cell('id'), task);
    }
  });
  const byTask = new Map(tasks.map((task) => [task.task, task]));
  const depth = (task: FakeTask): number => (task.parent === null ? 0 : 1 + depth(byTask.get(task.parent) as FakeTask));
  preview.tasks = tasks.length;
  preview.nested = tasks.filter((task) => task.parent !== null).length;
  preview.rows = tasks.slice(0, PREVIEW_ROWS).map((task) => ({ depth: depth(task), title: task.title, status: task.status, owner: task.ownerText, labels: task.labels }));
  return { preview, tasks };
}

function cells(line: string): string[] {
  const found: string[] = [];
  for (const match of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) found.push((match[1]?.replaceAll('""', '"') ?? match[2] ?? '').trim());
  return found;
}
