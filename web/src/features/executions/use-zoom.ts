/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A closer look at a part of what lies side by side: by buttons and keys around the middle, or by
 * drawing the mouse over the part. What is looked at scrolls; `--zoom` is how many times as wide it is.
 */
import {
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";

const ZOOM_MAX = 64;
/* Less is a click with an unsteady hand. */
const DRAG_LEAST_PX = 6;

interface Band {
  from: number;
  to: number;
}

export interface Zoom {
  zoom: number;
  /* Of what is seen of it, in pixels. */
  width: number;
  closer: (() => void) | undefined;
  farther: (() => void) | undefined;
  /* What is being drawn over, in pixels from the left of the list. */
  band: Band | undefined;
  scroller: RefObject<HTMLDivElement | null>;
  list: RefObject<HTMLOListElement | null>;
  onKeyDown: (event: KeyboardEvent) => void;
  drag: {
    onPointerDown: (event: PointerEvent) => void;
    onPointerMove: (event: PointerEvent) => void;
    onPointerUp: () => void;
    onPointerCancel: () => void;
    onClickCapture: (event: { stopPropagation: () => void }) => void;
  };
}

/* `track`: selects an element that is as wide and where the scrolled part of the list is. */
export function useZoom(track: string): Zoom {
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const [zoom, setZoom] = useState(1);
  const [width, setWidth] = useState(0);
  const [band, setBand] = useState<Band>();
  const start = useRef<{ x: number; id: number }>(undefined);
  const dragged = useRef(false);
  /* Where to look once it is drawn in the new width: a part of all, 0 to 1, at the left. */
  const goal = useRef<number>(undefined);

  const trackBox = () => list.current?.querySelector(track)?.getBoundingClientRect();

  useLayoutEffect(() => {
    const width = trackBox()?.width;
    if (goal.current !== undefined && scroller.current && width) scroller.current.scrollLeft = goal.current * width;
    goal.current = undefined;
  }, [zoom]);

  useEffect(() => {
    const measure = () => setWidth((trackBox()?.width ?? 0) / zoom);
    const observer = new ResizeObserver(measure);
    if (scroller.current) observer.observe(scroller.current);
    return () => observer.disconnect();
  }, [zoom]);

  function look(at: number, wanted: number): void {
    const now = Math.min(Math.max(wanted, 1), ZOOM_MAX);
    goal.current = Math.min(Math.max(at, 0), 1 - 1 / now);
    setZoom(now);
  }

  function by(times: number): () => void {
    return () => {
      const width = trackBox()?.width;
      if (!width || !scroller.current) return;
      const middle = scroller.current.scrollLeft / width + 1 / zoom / 2;
      look(middle - 1 / (zoom * times) / 2, zoom * times);
    };
  }

  const closer = zoom < ZOOM_MAX ? by(2) : undefined;
  const farther = zoom > 1 ? by(0.5) : undefined;

  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const keys: Record<string, (() => void) | undefined> = {
      "+": closer,
      "=": closer,
      "-": farther,
      "0": zoom > 1 ? () => look(0, 1) : undefined,
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  function draw(x: number): Band | undefined {
    const box = list.current?.getBoundingClientRect();
    const bounds = trackBox();
    if (!box || !bounds || !start.current) return undefined;
    const [from, to] = [start.current.x, x]
      .map((one) => Math.min(Math.max(one, bounds.left), bounds.right) - box.left)
      .sort((a, b) => a - b) as [number, number];
    return { from, to };
  }

  function end(): void {
    const box = list.current?.getBoundingClientRect();
    const bounds = trackBox();
    start.current = undefined;
    setBand(undefined);
    if (!band || !box || !bounds || band.to - band.from < DRAG_LEAST_PX) return;
    const at = (band.from + box.left - bounds.left) / bounds.width;
    look(at, bounds.width / (band.to - band.from));
  }

  return {
    zoom,
    width,
    closer,
    farther,
    band,
    scroller,
    list,
    onKeyDown,
    drag: {
      /* A finger scrolls. */
      onPointerDown: (event) => {
        dragged.current = false;
        if (event.button !== 0 || event.pointerType === "touch") return;
        const bounds = trackBox();
        if (bounds && event.clientX >= bounds.left && event.clientX <= bounds.right)
          start.current = { x: event.clientX, id: event.pointerId };
      },
      onPointerMove: (event) => {
        if (!start.current) return;
        if (!dragged.current && Math.abs(event.clientX - start.current.x) < DRAG_LEAST_PX) return;
        if (!dragged.current) list.current?.setPointerCapture(start.current.id);
        dragged.current = true;
        setBand(draw(event.clientX));
      },
      onPointerUp: end,
      onPointerCancel: () => {
        start.current = undefined;
        setBand(undefined);
      },
      /* What was drawn over is not clicked as well. */
      onClickCapture: (event) => {
        if (dragged.current) event.stopPropagation();
        dragged.current = false;
      },
    },
  };
}
