/** Whether an element is on the screen or near it: what is not needs no live picture. */
import { onBeforeUnmount, onMounted, ref, type Ref } from "vue";

const NEAR = "200px";

export function useInSight(element: Ref<HTMLElement | undefined>): Ref<boolean> {
  const inSight = ref(false);
  const observer = new IntersectionObserver(
    (seen) => (inSight.value = seen.at(-1)?.isIntersecting ?? false),
    { rootMargin: NEAR },
  );
  onMounted(() => element.value && observer.observe(element.value));
  onBeforeUnmount(() => observer.disconnect());
  return inSight;
}
