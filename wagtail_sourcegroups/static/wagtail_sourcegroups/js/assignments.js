/**
 * Counts what has been ticked and unticked since the page was shown, says what it costs, and moves with the arrow keys.
 *
 * Each box stands in a cell, with a note that is shown while the box is newly ticked. `data-path` of a row says where in
 * the tree it stands: what is ticked above another box pays for that one as well.
 */
class AssignmentsController extends window.StimulusModule.Controller {
    static targets = ['box', 'summary', 'words', 'changes', 'cost', 'renditions', 'kept'];

    static classes = ['changed', 'hidden'];

    connect() {
        // Browsers bring back what was ticked before the page was loaded again.
        this.update();
    }

    update() {
        const changed = this.boxTargets.filter((box) => box.checked !== box.defaultChecked);
        const ticked = changed.filter((box) => box.checked);
        for (const box of this.boxTargets) {
            const isChanged = box.checked !== box.defaultChecked;
            const cell = box.closest('td');
            cell.classList.toggle(this.changedClass, isChanged);
            cell.querySelector('[data-cost]').hidden = !(isChanged && box.checked);
        }
        const cost = ticked
            .filter((box) => !ticked.some((other) => this.isAbove(other, box)))
            .reduce((sum, box) => sum + Number(box.dataset.renditions), 0);
        this.summaryTarget.classList.toggle(this.hiddenClass, changed.length === 0);
        this.wordsTarget.hidden = changed.length === 0;
        this.changesTarget.textContent = this.format(changed.length);
        this.renditionsTarget.textContent = this.format(cost);
        this.costTarget.hidden = cost === 0;
        this.keptTarget.hidden = changed.length === ticked.length;
    }

    move(event) {
        const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
        const step = steps[event.key];
        if (!step || !this.boxTargets.includes(event.target)) return;
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
        return new Intl.NumberFormat(document.documentElement.lang || undefined).format(number);
    }
}

window.wagtail.app.register('sg-assignments', AssignmentsController);
