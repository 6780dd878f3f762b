// How the window looks: kept in memory only, as the real window has no storage of its own.

/** Which colours. */
export type Theme = 'system' | 'light' | 'dark';
/** Text sizes offered, in percent. */
export const TEXT_PERCENTS = [100, 125, 150, 200] as const;

/** Appearance and text size of this window. */
export class Preferences {
  theme = $state<Theme>('system');
  textPercent = $state<number>(100);

  /** Chooses colours. */
  wear(theme: Theme): void {
    this.theme = theme;
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }

  /** Chooses a text size. */
  size(percent: number): void {
    this.textPercent = percent;
    document.documentElement.style.fontSize = `${percent}%`;
  }
}
