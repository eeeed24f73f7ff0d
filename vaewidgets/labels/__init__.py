"""Labels: the log of edits, the DataFrame columns, the suggestions. No widget, no torch.

An edit comes to the ``desk``, which puts it into the ``journal`` (checked, on disk, folded to the
labels as they are), then through the ``gate`` into the ``table`` (the columns of the person's
DataFrame), and tells the pages by ``news``. ``opening`` finds the journal of a collection again,
``watch`` looks for what others have written into it, ``suggestions`` proposes labels.
"""
