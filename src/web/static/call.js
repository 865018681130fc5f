/** One call's page: times play the sound, the word that sounds is marked, and a page that can still change follows the call. */
const sound = document.querySelector('#sound');
const call = document.querySelector('#call');
const FOLLOW_MS = 3_000;

if (sound !== null) {
  let stopAt = Number.POSITIVE_INFINITY;

  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[data-from]');
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    stopAt = link.dataset.to === '' ? Number.POSITIVE_INFINITY : Number(link.dataset.to);
    sound.currentTime = Number(link.dataset.from);
    sound.play();
  });

  const words = [...document.querySelectorAll('a.word')].map((link) => ({ link, from: Number(link.dataset.from) }));
  let marked = null;
  const look = () => {
    const now = sound.currentTime;
    if (now >= stopAt) {
      stopAt = Number.POSITIVE_INFINITY;
      sound.pause();
    }
    const current = words.findLast(({ from }) => from <= now)?.link ?? null;
    if (current !== marked) {
      marked?.classList.remove('now');
      current?.classList.add('now');
      marked = current;
    }
  };
  // `timeupdate` comes four times a second: too coarse for a word, so a page that is seen looks at every frame as well.
  const lookAtFrames = () => {
    look();
    if (!sound.paused) requestAnimationFrame(lookAtFrames);
  };
  sound.addEventListener('play', lookAtFrames);
  sound.addEventListener('timeupdate', look);
  sound.addEventListener('seeked', look);
}

if (call.dataset.settled === 'no') {
  const url = `/api/calls/${encodeURIComponent(call.dataset.callId)}`;
  const read = async () => {
    const response = await fetch(url);
    return response.ok ? response.text() : null;
  };
  let before = null;
  const follow = async () => {
    try {
      const now = await read();
      if (now !== null && before !== null && now !== before && (sound === null || sound.paused)) location.reload();
      before ??= now;
    } catch {
      // The gateway is restarting or the network is away: the next look may work.
    }
    setTimeout(follow, FOLLOW_MS);
  };
  follow();
}
