"""What an article's story is made of."""

from wagtail import blocks
from wagtail.images.blocks import ImageBlock, ImageChooserBlock


class PictureBlock(blocks.StructBlock):
    picture = ImageBlock()
    caption = blocks.CharBlock(required=False)

    class Meta:
        icon = "image"
        template = "blog/blocks/picture.html"


class PairBlock(blocks.StructBlock):
    left = ImageChooserBlock()
    right = ImageChooserBlock()
    caption = blocks.CharBlock(required=False)

    class Meta:
        icon = "image"
        template = "blog/blocks/pair.html"


class StoryBlocks(blocks.StreamBlock):
    heading = blocks.CharBlock(icon="title", template="blog/blocks/heading.html")
    text = blocks.RichTextBlock()
    picture = PictureBlock()
    pair = PairBlock()
    quote = blocks.BlockQuoteBlock()
