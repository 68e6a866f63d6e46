// The control plane's clock, and how times are shown.

const clock = { server: Date.now(), local: performance.now(), speed: 1, known: false };

// Each response says what time it is there, to the second, and how fast that clock runs.
export function heard(date, speed) {
  const then = Date.parse(date ?? "");
  if (Number.isNaN(then)) return;
  const factor = /^[1-9][0-9]{0,5}$/.test(speed ?? "") ? Number(speed) : 1;
  const difference = then - now();
  // Within what a second and a response's way hide, the countdown goes on undisturbed.
  if (clock.known && factor === clock.speed && difference > -1500 * factor && difference < 1500 * factor) return;
  clock.server = then + 500;
  clock.local = performance.now();
  clock.speed = factor;
  clock.known = true;
}

export function now() {
  return clock.server + (performance.now() - clock.local) * clock.speed;
}

export function speed() {
  return clock.speed;
}

const two = (number) => String(number).padStart(2, "0");

// Milliseconds as 2d 3h, 2h 05m, 29m 12s or 8s.
export function countdown(milliseconds) {
  if (!Number.isFinite(milliseconds)) return "–";
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)}d ${hours % 24}h`;
  if (hours >= 1) return `${hours}h ${two(minutes % 60)}m`;
  if (minutes >= 1) return `${minutes}m ${two(seconds % 60)}s`;
  return `${seconds}s`;
}

export function took(milliseconds) {
  return countdown(Math.max(0, milliseconds) / clock.speed);
}

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const seconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });

// A moment in the reader's time zone: 18:42, with the day unless it is today's.
export function moment(milliseconds) {
  return formatted(time, milliseconds);
}

// The same with seconds.
export function exactly(milliseconds) {
  return formatted(seconds, milliseconds);
}

function formatted(format, milliseconds) {
  if (!Number.isFinite(milliseconds)) return "–";
  const text = format.format(milliseconds);
  return day.format(milliseconds) === day.format(now()) ? text : `${day.format(milliseconds)}, ${text}`;
}

// Minutes in 90, 90m, 2h, 1h30m, 1d or -30m; null if it is none of these, or nothing.
export function minutesIn(text) {
  const match = /^(-?)(?:(\d{1,4})|(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?)$/.exec(text.trim().toLowerCase());
  if (!match) return null;
  const [, sign, plain, days, hours, minutes] = match;
  const all = plain !== undefined ? Number(plain) : Number(days ?? 0) * 1440 + Number(hours ?? 0) * 60 + Number(minutes ?? 0);
  return all === 0 ? null : sign ? -all : all;
}

export function words(minutes) {
  const size = Math.abs(minutes);
  const hours = Math.floor(size / 60);
  const rest = size % 60;
  return [hours ? `${hours} h` : "", rest || !hours ? `${rest} min` : ""].filter(Boolean).join(" ");
}

export function dollars(cost) {
  return typeof cost === "number" && Number.isFinite(cost) ? `$${cost.toFixed(2)}` : "";
}
