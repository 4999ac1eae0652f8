import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";

const run = promisify(execFile);

const candidates = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"] as const;

/** Nothing of the browser's own may reach the network while it looks at our page. */
const quietArguments = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
] as const;

export type ChromiumSearch = { path: string } | { missing: string };

/** A Chromium of this machine; as root on Debian it is installed where there is none. In CI a missing one is an error. */
export async function findChromium(): Promise<ChromiumSearch> {
  const installed = (await firstExecutable()) ?? (await installedByApt());
  if (installed !== undefined) return { path: installed };
  const missing = "No Chromium: install Debian's package `chromium`, or run as root so that the test does.";
  if ((process.env["CI"] ?? "") !== "") throw new Error(missing);
  return { missing };
}

async function firstExecutable(): Promise<string | undefined> {
  for (const path of candidates) {
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function installedByApt(): Promise<string | undefined> {
  if (process.getuid?.() !== 0 || !(await isExecutable("/usr/bin/apt-get"))) return undefined;
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const install = ["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", "chromium"];
  try {
    await run("/usr/bin/apt-get", install, { env: environment });
  } catch {
    // The lists of packages may be missing or old.
    await run("/usr/bin/apt-get", ["update"], { env: environment });
    await run("/usr/bin/apt-get", install, { env: environment });
  }
  return firstExecutable();
}

/** A headless browser with a fresh profile, a home of its own and no way out; it and its folders go with the value. */
export async function openBrowser(path: string): Promise<{ browser: Browser } & AsyncDisposable> {
  const home = await mkdtemp(join(tmpdir(), "chromium-"));
  const browser = await chromium.launch({
    executablePath: path,
    args: [...quietArguments],
    env: { PATH: process.env["PATH"] ?? "", HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
  });
  const close = async (): Promise<void> => {
    await browser.close();
    await rm(home, { recursive: true, force: true });
  };
  return { browser, [Symbol.asyncDispose]: close };
}
