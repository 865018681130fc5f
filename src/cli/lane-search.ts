/**
 * The largest number of lanes that are in time: doubled until they are not, then halved in between, to within a sixteenth. What is in time
 * with more lanes is taken to be with fewer.
 * @param isInTime measures so many lanes
 * @returns 0 where one is too many already
 */
export async function searchLanes(most: number, isInTime: (lanes: number) => Promise<boolean>): Promise<number> {
  let inTime = 0;
  let tooMany = most + 1;
  for (let lanes = 1; inTime < most; lanes = Math.min(most, 2 * lanes)) {
    if (!(await isInTime(lanes))) {
      tooMany = lanes;
      break;
    }
    inTime = lanes;
  }
  while (tooMany - inTime > Math.max(1, inTime / 16)) {
    const middle = Math.floor((inTime + tooMany) / 2);
    if (await isInTime(middle)) inTime = middle;
    else tooMany = middle;
  }
  return inTime;
}
