/**
 * Counts what has been ticked and unticked since the page was shown, says what it costs, and moves with the arrow keys.
 *
 * Boxes are many, so that a row and a column say what is said of all in them: `data-path` of a row where in the tree it
 * stands, as what is ticked above another box pays for that one as well; `data-images` how many a tick there is for;
 * `data-renditions` of a column how many of each.
 */
class AssignmentsController extends window.StimulusModule.Controller {
    static targets = ['summary', 'words', 'changes', 'cost', 'renditions', 'kept'];

    static classes = ['changed', 'hidden'];

    /** What a tick costs, in words: by kind of plural, with "%(count)s" where the number goes. */
    static values = { costs: Object };

    connect() {
        this.boxes = [...this.element.querySelectorAll('[name=sourcegroups-box]')];
        this.language = document.documentElement.lang || undefined;
        // Browsers bring back what was ticked before the page was loaded again.
        if (this.boxes.length) this.update();
    }

    update() {
        const changed = this.boxes.filter((box) => box.checked !== box.defaultChecked);
        const ticked = changed.filter((box) => box.checked);
        for (const box of this.boxes) {
            const isChanged = box.checked !== box.defaultChecked;
            box.closest('td').classList.toggle(this.changedClass, isChanged);
            this.note(box, isChanged && box.checked);
        }
        const cost = ticked
            .filter((box) => !ticked.some((other) => this.isAbove(other, box)))
            .reduce((sum, box) => sum + this.cost(box), 0);
        this.summaryTarget.classList.toggle(this.hiddenClass, changed.length === 0);
        this.wordsTarget.hidden = changed.length === 0;
        this.changesTarget.textContent = this.format(changed.length);
        this.renditionsTarget.textContent = this.format(cost);
        this.costTarget.hidden = cost === 0;
        this.keptTarget.hidden = changed.length === ticked.length;
    }

    /** Says below a box what a tick costs, or does so no longer. */
    note(box, isShown) {
        const shown = box.nextElementSibling;
        if (isShown === Boolean(shown)) return;
        if (shown) {
            shown.remove();
            return;
        }
        const words = document.createElement('span');
        words.className = 'sg-matrix__words';
        words.textContent = this.inWords(this.cost(box));
        box.after(words);
    }

    /** Renditions to make at most. */
    cost(box) {
        const cell = box.closest('td');
        const heads = cell.closest('table').tHead.rows[0].cells;
        return Number(cell.parentElement.dataset.images) * Number(heads[cell.cellIndex].dataset.renditions);
    }

    inWords(cost) {
        const forms = this.costsValue;
        const form = cost ? forms[new Intl.PluralRules(this.language).select(cost)] || forms.other : forms.nothing;
        return form.replace('%(count)s', this.format(cost));
    }

    move(event) {
        const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
        const step = steps[event.key];
        if (!step || !this.boxes.includes(event.target)) return;
        if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
        const isRightToLeft = getComputedStyle(event.target).direction === 'rtl';
        const found = this.nearest(event.target, step[0], isRightToLeft ? -step[1] : step[1]);
        if (!found) return;
        event.preventDefault();
        found.focus();
    }

    /** The next box in a direction, over cells that have none. */
    nearest(box, down, across) {
        const cell = box.closest('td');
        const { rows } = cell.closest('tbody');
        let row = cell.parentElement.sectionRowIndex + down;
        let column = cell.cellIndex + across;
        while (rows[row] && rows[row].cells[column]) {
            const found = rows[row].cells[column].querySelector('input');
            if (found) return found;
            row += down;
            column += across;
        }
        return null;
    }

    isAbove(other, box) {
        const [above, path] = [other, box].map((each) => each.closest('tr').dataset.path);
        const isSameSpec = other.closest('td').cellIndex === box.closest('td').cellIndex;
        return other !== box && isSameSpec && path.startsWith(above);
    }

    format(number) {
        return new Intl.NumberFormat(this.language).format(number);
    }
}

window.wagtail.app.register('sg-assignments', AssignmentsController);
